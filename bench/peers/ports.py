"""Where the legs are: below the ports that the system gives to sockets without a name, the generator's among them."""
ADDRESS = "127.0.0.1"
FIRST_PORT = 10000
LAST_PORT = 32767
PORTS_PER_CALL = 4  # RTP and RTCP of two legs
MOST_CALLS = (LAST_PORT - FIRST_PORT + 1) // PORTS_PER_CALL  # 5,692

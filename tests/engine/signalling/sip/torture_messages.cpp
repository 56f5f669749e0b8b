#include "torture_messages.h"

namespace assent {
namespace {

// The body of most of the RFC's INVITEs.
std::string sdp(const std::string& address) {
  return "v=0\no=mhandley 29739 7272939 IN IP4 " + address + "\ns=-\nc=IN IP4 " + address +
         "\nt=0 0\nm=audio 49217 RTP/AVP 0 12\nm=video 3227 RTP/AVP 31\na=rtpmap:31 LPC\n";
}

std::string repeated(const std::string& text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

std::vector<TortureMessage> valid_messages() {
  return {
      {"wsinv",
       "3.1.1.1",
       {481},
       "a valid INVITE, in a dialog that is not there",
       R"(INVITE sip:vivekg@chair-dnrc.example.com;unknownparam SIP/2.0
TO :
 sip:vivekg@chair-dnrc.example.com ;   tag    = 1918181833n
from   : "J Rosenberg \\\""       <sip:jdrosen@example.com>
  ;
  tag = 98asjd8
MaX-fOrWaRdS: 0068
Call-ID: wsinv.ndaksdj@192.0.2.1
Content-Length   : 150
cseq: 0009
  INVITE
Via  : SIP  /   2.0
 /UDP
    {via};branch=390skdjuw
s :
NewFangledHeader:   newfangled value
 continued newfangled value
UnknownHeaderWithUnusualValue: ;;,,;;,;
Content-Type: application/sdp
Route:
 <sip:services.example.com;lr;unknownwith=value;unknown-no-value>
v:  SIP  / 2.0  / TCP     spindle.example.com   ;
  branch  =   z9hG4bK9ikj8  ,
 SIP  /    2.0   / UDP  192.168.255.111   ; branch=
 z9hG4bK30239
m:"Quoted string \"\"" <sip:jdrosen@example.com> ; newparam =
      newvalue ;
  secondparam ; q = 0.33

)" + sdp("192.0.2.3")},
      {"intmeth",
       "3.1.1.2",
       {0},
       "valid, but sofia-sip takes its octets for no SIP, and passes it over",
       std::string(
           R"(!interesting-Method0123456789_*+`.%indeed'~ sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@example.com SIP/2.0
Via: SIP/2.0/UDP {via};branch=z9hG4bK-.!%66*_+`'~
To: "BEL:\)"
           "\x07"
           R"( NUL:\)") +
           std::string(1, '\0') +
           R"( DEL:\)"
           "\x7F"
           R"(" <sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*@example.com>
From: token1~` token2'+_ token3*%!.- <sip:mundane@example.com>;fromParam''~+*_!.-%="работающий";tag=_token~1'+`*%!-.
Call-ID: intmeth.word%ZK-!.*_+'@word`~)(><:\/"][?}{
CSeq: 139122385 !interesting-Method0123456789_*+`.%indeed'~
Max-Forwards: 255
extensionHeader-!.%*+_`'~:大停電
Content-Length: 0

)"},
      {"esc01",
       "3.1.1.3",
       {200},
       "a valid INVITE with escaped characters",
       R"(INVITE sip:sips%3Auser%40example.com@example.net SIP/2.0
To: sip:%75se%72@example.com
From: <sip:I%20have%20spaces@example.net>;tag=938
Max-Forwards: 87
i: esc01.239409asdfakjkn23onasd0-3234
CSeq: 234234 INVITE
Via: SIP/2.0/UDP {via};branch=z9hG4bKkdjuw
C: application/sdp
Contact:
  <sip:cal%6Cer@host5.example.net;%6C%72;n%61me=v%61lue%25%34%31>
Content-Length: 150

)" + sdp("192.0.2.1")},
      {"escnull",
       "3.1.1.4",
       {405},
       "a valid REGISTER with escaped nulls",
       R"(REGISTER sip:example.com SIP/2.0
To: sip:null-%00-null@example.com
From: sip:null-%00-null@example.com;tag=839923423
Max-Forwards: 70
Call-ID: escnull.39203ndfvkjdasfkq3w4otrq0adsfdfnavd
CSeq: 14398234 REGISTER
Via: SIP/2.0/UDP {via};branch=z9hG4bKkdjuw2
Contact: <sip:%00@host5.example.com>
Contact: <sip:%00%00@host5.example.com>
L:0

)"},
      {"esc02",
       "3.1.1.5",
       {405, 501},
       "% is a character of this method",
       R"(RE%47IST%45R sip:registrar.example.com SIP/2.0
To: "%Z%45" <sip:resource@example.com>
From: "%Z%45" <sip:resource@example.com>;tag=f232jadfj23
Call-ID: esc02.asdfnqwo34rq23i34jrjasdcnl23nrlknsdf
Via: SIP/2.0/UDP {via};branch=z9hG4bK209%fzsnel234
CSeq: 29344 RE%47IST%45R
Max-Forwards: 70
Contact: <sip:alias1@host1.example.com>
C%6Fntact: <sip:alias2@host2.example.com>
Contact: <sip:alias3@host3.example.com>
l: 0

)"},
      {"lwsdisp",
       "3.1.1.6",
       {200},
       "a valid OPTIONS without a blank before <",
       R"(OPTIONS sip:user@example.com SIP/2.0
To: sip:user@example.com
From: caller<sip:caller@example.com>;tag=323
Max-Forwards: 70
Call-ID: lwsdisp.1234abcd@funky.example.com
CSeq: 60 OPTIONS
Via: SIP/2.0/UDP {via};branch=z9hG4bKkdjuw3
l: 0

)"},
      {"longreq",
       "3.1.1.7",
       {200},
       "a valid INVITE with long values",
       R"(INVITE sip:user@example.com SIP/2.0
To: "I have a user name of )" +
           repeated("extreme", 10) + R"( proportion"<sip:user@example.com:6000;unknownparam1=very)" +
           repeated("long", 20) + R"(value;longparam)" + repeated("name", 25) + R"(=shortvalue;very)" +
           repeated("long", 25) + R"(ParameterNameWithNoValue>
F: sip:)" + repeated("amazinglylongcallername", 5) +
           R"(@example.net;tag=12)" + repeated("982", 50) + R"(424;unknownheaderparam)" + repeated("name", 20) +
           R"(=unknowheaderparam)" + repeated("value", 15) + R"(;unknownValueless)" + repeated("paramname", 10) + R"(
Call-ID: longreq.one)" +
           repeated("really", 20) +
           R"(longcallid
CSeq: 3882340 INVITE
Unknown-)" +
           repeated("Long", 20) + R"(-Name: unknown-)" + repeated("long", 20) + R"(-value; unknown-)" +
           repeated("long", 20) + R"(-parameter-name = unknown-)" + repeated("long", 20) + R"(-parameter-value
Via: SIP/2.0/UDP {via};branch=z9hG4bK1)" +
           repeated("0", 60) +
           R"(1
v: SIP/2.0/TCP sip33.example.com
v: SIP/2.0/TCP sip32.example.com
V: SIP/2.0/TCP sip31.example.com
Via: SIP/2.0/TCP sip30.example.com
ViA: SIP/2.0/TCP sip29.example.com
Max-Forwards: 70
Contact: <sip:)" +
           repeated("amazinglylongcallername", 5) +
           R"(@host5.example.net>
Content-Type: application/sdp
l: 150

)" + sdp("192.0.2.1")},
      {"dblreq",
       "3.1.1.8",
       {405},
       "a REGISTER, and octets after it that are no second request",
       R"(REGISTER sip:example.com SIP/2.0
To: sip:j.user@example.com
From: sip:j.user@example.com;tag=43251j3j324
Max-Forwards: 8
I: dblreq.0ha0isndaksdj99sdfafnl3lk233412
Contact: sip:j.user@host.example.com
CSeq: 8 REGISTER
Via: SIP/2.0/UDP {via};branch=z9hG4bKkdjuw23492
Content-Length: 0


INVITE sip:joe@example.com SIP/2.0
t: sip:joe@example.com
From: sip:caller@example.net;tag=141334
Max-Forwards: 8
Call-ID: dblreq.0ha0isnda977644900765@192.0.2.15
CSeq: 8 INVITE
Via: SIP/2.0/UDP {via};branch=z9hG4bKkdjuw380234
Content-Type: application/sdp
Content-Length: 150

)" + sdp("192.0.2.15")},
      {"semiuri",
       "3.1.1.9",
       {200},
       "a valid OPTIONS with a semicolon in its user",
       R"(OPTIONS sip:user;par=u%40example.net@example.com SIP/2.0
To: sip:j_user@example.com
From: sip:caller@example.org;tag=33242
Max-Forwards: 3
Call-ID: semiuri.0ha0isndaksdj
CSeq: 8 OPTIONS
Accept: application/sdp, application/pkcs7-mime,
        multipart/mixed, multipart/signed,
        message/sip, message/sipfrag
Via: SIP/2.0/UDP {via};branch=z9hG4bKkdjuw4
l: 0

)"},
      {"transports",
       "3.1.1.10",
       {200},
       "a valid OPTIONS that has come by many transports",
       R"(OPTIONS sip:user@example.com SIP/2.0
To: sip:user@example.com
From: <sip:caller@example.com>;tag=323
Max-Forwards: 70
Call-ID:  transports.kijh4akdnaqjkwendsasfdj
Accept: application/sdp
CSeq: 60 OPTIONS
Via: SIP/2.0/UDP {via};branch=z9hG4bKkdjuw5
Via: SIP/2.0/SCTP t2.example.com;branch=z9hG4bKklasjdhf
Via: SIP/2.0/TLS t3.example.com;branch=z9hG4bK2980unddj
Via: SIP/2.0/UNKNOWN t4.example.com;branch=z9hG4bKasd0f3en
Via: SIP/2.0/TCP t5.example.com;branch=z9hG4bK0a9idfnee
l: 0

)"},
      {"mpart01",
       "3.1.1.11",
       {405},
       "a valid MESSAGE of several parts, with octets that are no text",
       std::string(R"(MESSAGE sip:kumiko@example.org SIP/2.0
Via: SIP/2.0/UDP {via};branch=z9hG4bK-d87543-4dade06d0bdb11ee-1--d87543-;rport
Max-Forwards: 70
Route: <sip:127.0.0.1:5080>
Identity: r5mwreLuyDRYBi/0TiPwEsY3rEVsk/G2WxhgTV1PF7hHuLIK0YWVKZhKv9Mj8UeXqkMVbnVq37CD+813gvYjcBUaZngQmXc9WNZSDNGCzA+fWl9MEUHWIZo1CeJebdY/XlgKeTa0Olvq0rt70Q5jiSfbqMJmQFteeivUhkMWYUA=
Contact: <sip:fluffy@127.0.0.1:5070>
To: <sip:kumiko@example.org>
From: <sip:fluffy@example.com>;tag=2fb0dcc9
Call-ID: 3d9485ad0c49859b@Zmx1ZmZ5LW1hYy0xNi5sb2NhbA..
CSeq: 1 MESSAGE
Content-Transfer-Encoding: binary
Content-Type: multipart/mixed;boundary=7a9cbec02ceef655
Date: Sat, 15 Oct 2005 04:44:56 GMT
User-Agent: SIPimp.org/0.2.5 (curses)

--7a9cbec02ceef655
Content-Type: text/plain
Content-Transfer-Encoding: binary

Hello
--7a9cbec02ceef655
Content-Type: application/octet-stream
Content-Transfer-Encoding: binary

)") + std::string("\x30\x82\x01\x52\x06\x09\x2A\x86\x48\x00\x01\xFF", 12) +
           "\n--7a9cbec02ceef655--\n"},
      {"unreason",
       "3.1.1.12",
       {0},
       "a valid response, to nothing of ours",
       R"(SIP/2.0 200 = 2**3 * 5**2 но сто девяносто девять - простое
Via: SIP/2.0/UDP {via};branch=z9hG4bK1324923
Call-ID: unreason.1234ksdfak3j2erwedfsASdf
CSeq: 35 INVITE
From: sip:user@example.com;tag=11141343
To: sip:user@example.edu;tag=2229
Content-Length: 156
Content-Type: application/sdp
Contact: <sip:user@host198.example.com>

)" + sdp("192.0.2.198")},
      {"noreason",
       "3.1.1.13",
       {0},
       "likewise, with an empty reason",
       R"(SIP/2.0 100 )"
       R"(
Via: SIP/2.0/UDP {via};branch=z9hG4bK2398ndaoe
Call-ID: noreason.asndj203insdf99223ndf
CSeq: 35 INVITE
From: <sip:user@example.com>;tag=39ansfi3
To: <sip:user@example.edu>;tag=902jndnke3
Content-Length: 0
Contact: <sip:user@host105.example.com>

)"}};
}

std::vector<TortureMessage> invalid_messages() {
  return {{"badinv01",
           "3.1.2.1",
           {0, 400},
           "semicolons and commas with nothing between, so that no Via says where to answer",
           R"(INVITE sip:user@example.com SIP/2.0
To: sip:j.user@example.com
From: sip:caller@example.net;tag=134161461246
Max-Forwards: 7
Call-ID: badinv01.0ha0isndaksdjasdf3234nas
CSeq: 8 INVITE
Via: SIP/2.0/UDP {via};;,;,,
Contact: "Joe" <sip:joe@example.org>;;;;
Content-Length: 152
Content-Type: application/sdp

)" + sdp("192.0.2.15")},
          {"clerr",
           "3.1.2.2",
           {400},
           "a Content-Length beyond the datagram",
           R"(INVITE sip:user@example.com SIP/2.0
Max-Forwards: 80
To: sip:j.user@example.com
From: sip:caller@example.net;tag=93942939o2
Contact: <sip:caller@hungry.example.net>
Call-ID: clerr.0ha0isndaksdjweiafasdk3
CSeq: 8 INVITE
Via: SIP/2.0/UDP {via};branch=z9hG4bK-39234-23523
Content-Type: application/sdp
Content-Length: 9999

)" + sdp("192.0.2.155")},
          {"ncl",
           "3.1.2.3",
           {400},
           "a negative Content-Length",
           R"(INVITE sip:user@example.com SIP/2.0
Max-Forwards: 254
To: sip:j.user@example.com
From: sip:caller@example.net;tag=32394234
Call-ID: ncl.0ha0isndaksdj2193423r542w35
CSeq: 0 INVITE
Via: SIP/2.0/UDP {via};branch=z9hG4bKkdjuw6
Contact: <sip:caller@example53.example.net>
Content-Type: application/sdp
Content-Length: -999

)" + sdp("192.0.2.53")},
          {"scalar02",
           "3.1.2.4",
           {400, 405},
           "numbers that are too large, in a REGISTER",
           R"(REGISTER sip:example.com SIP/2.0
Via: SIP/2.0/UDP {via};branch=z9hG4bK342sdfoi3
To: <sip:user@example.com>
From: <sip:user@example.com>;tag=239232jh3
CSeq: 36893488147419103232 REGISTER
Call-ID: scalar02.23o0pd9vanlq3wnrlnewofjas9ui32
Max-Forwards: 300
Expires: 1)" + repeated("0", 100) +
               R"(
Contact: <sip:user@host129.example.com>
  ;expires=280297596632815
Content-Length: 0

)"},
          {"scalarlg",
           "3.1.2.5",
           {0},
           "a response with numbers that are too large",
           R"(SIP/2.0 503 Service Unavailable
Via: SIP/2.0/UDP {via};branch=z9hG4bKzzxdiwo34sw;received=192.0.2.129
To: <sip:user@example.com>
From: <sip:other@example.net>;tag=2easdjfejw
CSeq: 9292394834772304023312 OPTIONS
Call-ID: scalarlg.noase0of0234hn2qofoaf0232aewf2394r
Retry-After: 949302838503028349304023988
Warning: 1812 overture "In Progress"
Content-Length: 0

)"},
          {"quotbal",
           "3.1.2.6",
           {400},
           "a quotation that does not end",
           R"(INVITE sip:user@example.com SIP/2.0
To: "Mr. J. User <sip:j.user@example.com>
From: sip:caller@example.net;tag=93334
Max-Forwards: 10
Call-ID: quotbal.aksdj
Contact: <sip:caller@host59.example.net>
CSeq: 8 INVITE
Via: SIP/2.0/UDP {via};branch=z9hG4bKkdjuw39234
Content-Type: application/sdp
Content-Length: 152

)" + sdp("192.0.2.15")},
          {"ltgtruri",
           "3.1.2.7",
           {400},
           "a Request-URI in < and >",
           R"(INVITE <sip:user@example.com> SIP/2.0
To: sip:user@example.com
From: sip:caller@example.net;tag=39291
Max-Forwards: 23
Call-ID: ltgtruri.1@192.0.2.5
CSeq: 1 INVITE
Via: SIP/2.0/UDP {via};branch=z9hG4bKltgt
Contact: <sip:caller@host5.example.net>
Content-Type: application/sdp
Content-Length: 159

)" + sdp("192.0.2.5")},
          {"lwsruri",
           "3.1.2.8",
           {0, 400},
           "blanks in the Request-URI, which sofia-sip takes for no request line",
           R"(INVITE sip:user@example.com; lr SIP/2.0
To: sip:user@example.com;tag=3xfe-9921883-z9f
From: sip:caller@example.net;tag=231413434
Max-Forwards: 5
Call-ID: lwsruri.asdfasdoeoi2323-asdfwrn23-asd834rk423
CSeq: 2130706432 INVITE
Via: SIP/2.0/UDP {via};branch=z9hG4bKkdjuw2395
Contact: <sip:caller@host1.example.net>
Content-Type: application/sdp
Content-Length: 159

)" + sdp("192.0.2.1")},
          {"lwsstart",
           "3.1.2.9",
           {200, 400},
           "blanks between the parts of the request line, which may be passed over",
           R"(INVITE  sip:user@example.com  SIP/2.0
Max-Forwards: 8
To: sip:user@example.com
From: sip:caller@example.net;tag=8814
Call-ID: lwsstart.dfknq234oi243099adsdfnawe3@example.com
CSeq: 1893884 INVITE
Via: SIP/2.0/UDP {via};branch=z9hG4bKkdjuw3923
Contact: <sip:caller@host1.example.net>
Content-Type: application/sdp
Content-Length: 150

)" + sdp("192.0.2.1")},
          {"trws",
           "3.1.2.10",
           {200, 400},
           "blanks at the end of the request line, likewise",
           R"(OPTIONS sip:remote-target@example.com SIP/2.0  )"
           R"(
Via: SIP/2.0/UDP {via};branch=z9hG4bK299342093
To: <sip:remote-target@example.com>
From: <sip:local-resource@example.com>;tag=329429089
Call-ID: trws.oicu34958239neffasdhr2345r
Accept: application/sdp
CSeq: 238923 OPTIONS
Max-Forwards: 70
Content-Length: 0

)"},
          {"escruri",
           "3.1.2.11",
           {200, 400},
           "headers in the Request-URI, which may be passed over",
           R"(INVITE sip:user@example.com?Route=%3Csip:example.com%3E SIP/2.0
To: sip:user@example.com
From: sip:caller@example.net;tag=341518
Max-Forwards: 7
Contact: <sip:caller@host39923.example.net>
Call-ID: escruri.23940-asdfhj-aje3br-234q098w-fawerh2q-h4n5
CSeq: 149209342 INVITE
Via: SIP/2.0/UDP {via};branch=z9hG4bKkdjuw7
Content-Type: application/sdp
Content-Length: 150

)" + sdp("192.0.2.1")},
          {"baddate",
           "3.1.2.12",
           {200, 400},
           "a Date that is not GMT, which may be passed over",
           R"(INVITE sip:user@example.com SIP/2.0
To: sip:user@example.com
From: sip:caller@example.net;tag=2234923
Max-Forwards: 70
Call-ID: baddate.239423mnsadf3j23lj42--sedfnm234
CSeq: 1392934 INVITE
Via: SIP/2.0/UDP {via};branch=z9hG4bKkdjuw8
Date: Fri, 01 Jan 2010 16:00:00 EST
Contact: <sip:caller@host5.example.net>
Content-Type: application/sdp
Content-Length: 150

)" + sdp("192.0.2.5")},
          {"regbadct",
           "3.1.2.13",
           {400, 405},
           "a Contact with a header part and no < and >, in a REGISTER",
           R"(REGISTER sip:example.com SIP/2.0
To: sip:user@example.com
From: sip:user@example.com;tag=998332
Max-Forwards: 70
Call-ID: regbadct.k345asrl3fdbv@10.0.0.1
CSeq: 1 REGISTER
Via: SIP/2.0/UDP {via};branch=z9hG4bKkdjuw9
Contact: sip:user@example.com?Route=%3Csip:sip.example.com%3E
l: 0

)"},
          {"badaspec",
           "3.1.2.14",
           {200, 400},
           "blanks within < and >, which may be passed over",
           R"(OPTIONS sip:user@example.org SIP/2.0
Via: SIP/2.0/UDP {via};branch=z9hG4bKkdju43234
Max-Forwards: 70
From: "Bell, Alexander" <sip:a.g.bell@example.com>;tag=433423
To: "Watson, Thomas" < sip:t.watson@example.org >
Call-ID: badaspec.sdf0234n2nds0a099u23h3hnnw009cdkne3
Accept: application/sdp
CSeq: 3923239 OPTIONS
l: 0

)"},
          {"baddn",
           "3.1.2.15",
           {200, 400},
           "a display name that wants quotes",
           R"(OPTIONS sip:t.watson@example.org SIP/2.0
Via:     SIP/2.0/UDP {via};branch=z9hG4bKkdjuw10
Max-Forwards:      70
From:    Bell, Alexander <sip:a.g.bell@example.com>;tag=43
To:      Watson, Thomas <sip:t.watson@example.org>
Call-ID: baddn.31415@c.example.com
Accept: application/sdp
CSeq:    3923239 OPTIONS
l: 0

)"},
          {"badvers",
           "3.1.2.16",
           {505},
           "a version nobody speaks",
           R"(OPTIONS sip:t.watson@example.org SIP/7.0
Via:     SIP/7.0/UDP {via};branch=z9hG4bKkdjuw11
Max-Forwards:     70
From:    A. Bell <sip:a.g.bell@example.com>;tag=qweoiqpe
To:      T. Watson <sip:t.watson@example.org>
Call-ID: badvers.31417@c.example.com
CSeq:    1 OPTIONS
l: 0

)"},
          {"mismatch01",
           "3.1.2.17",
           {400},
           "CSeq is of another method",
           R"(OPTIONS sip:user@example.com SIP/2.0
To: sip:j.user@example.com
From: sip:caller@example.net;tag=34525
Max-Forwards: 6
Call-ID: mismatch01.dj0234sxdfl3
CSeq: 8 INVITE
Via: SIP/2.0/UDP {via};branch=z9hG4bKkdjuw12
l: 0

)"},
          {"mismatch02",
           "3.1.2.18",
           {400, 501},
           "likewise, of a method nobody has",
           R"(NEWMETHOD sip:user@example.com SIP/2.0
To: sip:j.user@example.com
From: sip:caller@example.net;tag=34525
Max-Forwards: 6
Call-ID: mismatch02.dj0234sxdfl3
CSeq: 8 INVITE
Contact: <sip:caller@host.example.net>
Via: SIP/2.0/UDP {via};branch=z9hG4bKkdjuw13
Content-Type: application/sdp
l: 138

)" + sdp("192.0.2.1")},
          {"bigcode",
           "3.1.2.19",
           {0},
           "a response with a status that is too large",
           R"(SIP/2.0 4294967301 better not break the receiver
Via: SIP/2.0/UDP {via};branch=z9hG4bK2398ndaoe2
Call-ID: bigcode.asdof3uj203asdnf3429uasdhfas3ehjasdfas9i
CSeq: 353494 INVITE
From: <sip:user@example.com>;tag=39ansfi3
To: <sip:user@example.edu>;tag=902jndnke3
Content-Length: 0
Contact: <sip:user@host105.example.com>

)"}};
}

std::vector<TortureMessage> other_messages() {
  return {{"badbranch",
           "3.2.1",
           {200, 400},
           "a branch that is the cookie and nothing else",
           R"(OPTIONS sip:user@example.com SIP/2.0
To: sip:user@example.com
From: sip:caller@example.org;tag=33242
Max-Forwards: 3
Via: SIP/2.0/UDP {via};branch=z9hG4bK
Accept: application/sdp
Call-ID: badbranch.sadonfo23i420jv0as0derf3j3n
CSeq: 8 OPTIONS
l: 0

)"},
          {"insuf",
           "3.3.1",
           {400},
           "no Call-ID, From or To",
           R"(INVITE sip:user@example.com SIP/2.0
CSeq: 193942 INVITE
Via: SIP/2.0/UDP {via};branch=z9hG4bKkdj.insuf
Content-Type: application/sdp
l: 152

)" + sdp("192.0.2.95")},
          {"unkscm",
           "3.3.2",
           {416},
           "a Request-URI of an unknown scheme",
           R"(OPTIONS nobodyKnowsThisScheme:totallyopaquecontent SIP/2.0
To: sip:user@example.com
From: sip:caller@example.net;tag=384
Max-Forwards: 3
Call-ID: unkscm.nasdfasser0q239nwsdfasdkl34
CSeq: 3923423 OPTIONS
Via: SIP/2.0/UDP {via};branch=z9hG4bKkdjuw39234a
Content-Length: 0

)"},
          {"novelsc",
           "3.3.3",
           {416},
           "a Request-URI of a scheme that is not SIP's",
           R"(OPTIONS soap.beep://192.0.2.103:3002 SIP/2.0
To: sip:user@example.com
From: sip:caller@example.net;tag=384
Max-Forwards: 3
Call-ID: novelsc.asdfasser0q239nwsdfasdkl34
CSeq: 3923423 OPTIONS
Via: SIP/2.0/UDP {via};branch=z9hG4bKkdjuw39234b
Content-Length: 0

)"},
          {"unksm2",
           "3.3.4",
           {400, 405, 416},
           "unknown schemes in To, From and Contact of a REGISTER",
           R"(REGISTER sip:example.com SIP/2.0
To: isbn:2983792873
From: <http://www.example.com>;tag=3234233
Call-ID: unksm2.daksdj@hyphenated-host.example.com
CSeq: 234902 REGISTER
Max-Forwards: 70
Via: SIP/2.0/UDP {via};branch=z9hG4bKkdjuw14
Contact: <name:John_Smith>
l: 0

)"},
          {"bext01",
           "3.3.5",
           {420},
           "extensions that nobody has",
           R"(OPTIONS sip:user@example.com SIP/2.0
To: sip:j_user@example.com
From: sip:caller@example.net;tag=242etr
Max-Forwards: 6
Call-ID: bext01.0ha0isndaksdj
Require: nothingSupportsThis, nothingSupportsThisEither
Proxy-Require: noProxiesSupportThis, norDoAnyProxiesSupportThis
CSeq: 8 OPTIONS
Via: SIP/2.0/UDP {via};branch=z9hG4bKkdjuw15
Content-Length: 0

)"},
          {"invut",
           "3.3.6",
           {415},
           "a body of an unknown type",
           R"(INVITE sip:user@example.com SIP/2.0
Contact: <sip:caller@host5.example.net>
To: sip:j.user@example.com
From: sip:caller@example.net;tag=8392034
Max-Forwards: 70
Call-ID: invut.0ha0isndaksdjadsfij34n23d
CSeq: 235448 INVITE
Via: SIP/2.0/UDP {via};branch=z9hG4bKkdjuw16
Content-Type: application/unknownformat
Content-Length: 40

<audio>
 <pcmu port="443"/>
</audio>
)"},
          {"regaut01",
           "3.3.7",
           {405},
           "an unknown scheme of authorization, in a REGISTER",
           R"(REGISTER sip:example.com SIP/2.0
To: sip:j.user@example.com
From: sip:j.user@example.com;tag=87321hj23128
Max-Forwards: 8
Call-ID: regaut01.0ha0isndaksdj
CSeq: 9338 REGISTER
Via: SIP/2.0/UDP {via};branch=z9hG4bKkdjuw17
Authorization: NoOneKnowsThisScheme opaque-data=here
Content-Length:0

)"},
          {"multi01",
           "3.3.8",
           {400},
           "several of what may stand there once",
           R"(INVITE sip:user@company.com SIP/2.0
Contact: <sip:caller@host25.example.net>
Via: SIP/2.0/UDP {via};branch=z9hG4bKkdjuw18
Max-Forwards: 70
CSeq: 5 INVITE
Call-ID: multi01.98asdh@192.0.2.1
CSeq: 59 INVITE
Call-ID: multi01.98asdh@192.0.2.2
From: sip:caller@example.com;tag=3413415
To: sip:user@example.com
To: sip:other@example.net
From: sip:caller@example.net;tag=2923420123
Content-Type: application/sdp
l: 154
Contact: <sip:caller@host36.example.net>
Max-Forwards: 5

)" + sdp("192.0.2.25")},
          {"mcl01",
           "3.3.9",
           {200, 400},
           "two Content-Lengths that differ; the RFC wants 400",
           R"(OPTIONS sip:user@example.com SIP/2.0
Via: SIP/2.0/UDP {via};branch=z9hG4bK293423
To: sip:user@example.com
From: sip:other@example.net;tag=3923942
Call-ID: mcl01.fhn2323orihawfdoa3o4r52o3irsdf
CSeq: 15932 OPTIONS
Content-Length: 13
Max-Forwards: 60
Content-Length: 5
Content-Type: text/plain

There's no way to know how many octets are supposed to be here.
)"},
          {"bcast",
           "3.3.10",
           {0},
           "a response that is to be sent on to everybody",
           R"(SIP/2.0 200 OK
Via: SIP/2.0/UDP {via};branch=z9hG4bK1324923b
Via: SIP/2.0/UDP 255.255.255.255;branch=z9hG4bK1saber23
Call-ID: bcast.0384840201234ksdfak3j2erwedfsASdf
CSeq: 35 INVITE
From: sip:user@example.com;tag=11141343
To: sip:user@example.edu;tag=2229
Content-Length: 154
Content-Type: application/sdp
Contact: <sip:user@host28.example.com>

)" + sdp("192.0.2.198")},
          {"zeromf",
           "3.3.11",
           {200},
           "no hops left, which is for proxies to mind",
           R"(OPTIONS sip:user@example.com SIP/2.0
To: sip:user@example.com
From: sip:caller@example.net;tag=3ghsd41
Call-ID: zeromf.jfasdlfnm2o2l43r5u0asdfas
CSeq: 39234321 OPTIONS
Via: SIP/2.0/UDP {via};branch=z9hG4bKkdjuw2349i
Max-Forwards: 0
Content-Length: 0

)"},
          {"cparam01",
           "3.3.12",
           {405},
           "a Contact with a parameter of its own, in a REGISTER",
           R"(REGISTER sip:example.com SIP/2.0
Via: SIP/2.0/UDP {via};branch=z9hG4bKnashds8
Max-Forwards: 70
To: sip:watson@example.com
From: sip:watson@example.com;tag=DkfVgjkrtMwaerKKpe
Call-ID: cparam01.70710@saturn.example.com
CSeq: 2 REGISTER
Contact: sip:+19725552222@gw1.example.net;unknownparam
l: 0

)"},
          {"cparam02",
           "3.3.13",
           {405},
           "likewise, of its URI",
           R"(REGISTER sip:example.com SIP/2.0
Via: SIP/2.0/UDP {via};branch=z9hG4bKnashds9
Max-Forwards: 70
To: sip:watson@example.com
From: sip:watson@example.com;tag=838293
Call-ID: cparam02.70710@saturn.example.com
CSeq: 3 REGISTER
Contact: <sip:+19725552222@gw1.example.net;unknownparam>
l: 0

)"},
          {"regescrt",
           "3.3.14",
           {405},
           "a Contact with a header in its URI, in a REGISTER",
           R"(REGISTER sip:example.com SIP/2.0
To: sip:user@example.com
From: sip:user@example.com;tag=8
Max-Forwards: 70
Call-ID: regescrt.k345asrl3fdbv@192.0.2.1
CSeq: 14398234 REGISTER
Via: SIP/2.0/UDP {via};branch=z9hG4bKkdjuw20
M: <sip:user@example.com?Route=%3Csip:sip.example.com%3E>
L:0

)"},
          {"sdp01",
           "3.3.15",
           {406},
           "the answer would be of a type that is not accepted",
           R"(INVITE sip:user@example.com SIP/2.0
To: sip:j_user@example.com
Contact: <sip:caller@host15.example.net>
From: sip:caller@example.net;tag=234
Max-Forwards: 5
Call-ID: sdp01.ndaksdj9342dasdd
Accept: text/nobodyKnowsThis
CSeq: 8 INVITE
Via: SIP/2.0/UDP {via};branch=z9hG4bKkdjuw21
Content-Length: 150
Content-Type: application/sdp

)" + sdp("192.0.2.5")},
          {"inv2543",
           "3.4.1",
           {200, 400},
           "of RFC 2543, without the Contact that a dialog needs",
           R"(INVITE sip:UserB@example.com SIP/2.0
Via: SIP/2.0/UDP {via}
From: <sip:+13035551111@ift.client.example.net;user=phone>
Record-Route: <sip:UserB@example.com;maddr=ss1.example.com>
To: sip:+16505552222@ss1.example.net;user=phone
Call-ID: inv2543.1717@ift.client.example.com
CSeq: 56 INVITE
Content-Type: application/sdp

v=0
o=mhandley 29739 7272939 IN IP4 192.0.2.5
s=-
c=IN IP4 192.0.2.5
t=0 0
m=audio 49217 RTP/AVP 0
)"}};
}

}  // namespace

const std::vector<TortureMessage>& torture_messages() {
  static const std::vector<TortureMessage> all = [] {
    auto messages = valid_messages();
    for (auto* more : {&invalid_messages, &other_messages}) {
      for (TortureMessage& one : (*more)()) messages.push_back(std::move(one));
    }
    return messages;
  }();
  return all;
}

}  // namespace assent

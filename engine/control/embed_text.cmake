# Writes OUTPUT, a C++ source that defines FUNCTION() in namespace assent as a view of INPUT's bytes.
file(READ ${INPUT} hex HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
string(REGEX REPLACE "((0x[0-9a-f][0-9a-f],){20})" "\\1\n" bytes "${bytes}")
file(WRITE ${OUTPUT} "#include \"${HEADER}\"

namespace assent {
namespace {
constexpr char kText[] = {
${bytes}
};
}  // namespace

std::string_view ${FUNCTION}() { return {kText, sizeof kText}; }

}  // namespace assent
")

#include "engine/signalling/xml_tree.h"

#include <expat.h>

#include <algorithm>
#include <memory>

#include "base/limits.h"
#include "base/text.h"

namespace assent {
namespace {

std::string_view without_prefix(std::string_view name) {
  const auto colon = name.rfind(':');
  return colon == name.npos ? name : name.substr(colon + 1);
}

void trim(std::string& text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const auto last = text.find_last_not_of(kSpace);
  text.erase(last == text.npos ? 0 : last + 1);
  text.erase(0, std::min(text.find_first_not_of(kSpace), text.size()));
}

// Expat calls it back; the first fault stops it.
class Builder {
 public:
  Builder() : parser_(XML_ParserCreate(nullptr)) {
    XML_SetUserData(parser_.get(), this);
    XML_SetElementHandler(parser_.get(), &Builder::start, &Builder::end);
    XML_SetCharacterDataHandler(parser_.get(), &Builder::characters);
    XML_SetStartDoctypeDeclHandler(parser_.get(),
                                   [](void* self, const XML_Char*, const XML_Char*, const XML_Char*, int) {
                                     static_cast<Builder*>(self)->stop("a DOCTYPE is not taken");
                                   });
  }

  Result<XmlElement> build(std::string_view text) {
    const auto done = XML_Parse(parser_.get(), text.data(), static_cast<int>(text.size()), 1);
    if (done == XML_STATUS_OK) return std::move(root_.children.front());
    const std::string why = fault_.empty() ? XML_ErrorString(XML_GetErrorCode(parser_.get())) : fault_;
    return error(Errc::invalid, "xml: line " + std::to_string(XML_GetCurrentLineNumber(parser_.get())) + ": " + why);
  }

 private:
  struct Free {
    void operator()(XML_Parser parser) const { XML_ParserFree(parser); }
  };

  static void start(void* self, const XML_Char* name, const XML_Char** attributes) {
    static_cast<Builder*>(self)->start(name, attributes);
  }
  static void end(void* self, const XML_Char*) { static_cast<Builder*>(self)->end(); }
  static void characters(void* self, const XML_Char* text, int size) {
    static_cast<Builder*>(self)->open().text.append(text, static_cast<std::size_t>(size));
  }

  void stop(const char* why) {
    if (fault_.empty()) fault_ = why;
    XML_StopParser(parser_.get(), XML_FALSE);
  }

  void start(const XML_Char* name, const XML_Char** attributes) {
    if (path_.size() == limits::kXmlDepth) return stop("it is nested too deep");
    if (++elements_ > limits::kXmlElements) return stop("it has too many elements");
    XmlElement element;
    element.name = without_prefix(name);
    for (; *attributes != nullptr; attributes += 2) {
      if (element.attributes.size() == limits::kXmlAttributes) return stop("an element has too many attributes");
      element.attributes.emplace_back(without_prefix(attributes[0]), attributes[1]);
    }
    XmlElement& parent = open();
    path_.push_back(parent.children.size());
    parent.children.push_back(std::move(element));
  }

  // After a stop, expat ends the element that was too much.
  void end() {
    if (!fault_.empty()) return;
    trim(open().text);
    path_.pop_back();
  }

  // By places, since elements move as their parents grow.
  XmlElement& open() {
    XmlElement* at = &root_;
    for (const std::size_t place : path_) at = &at->children[place];
    return *at;
  }

  std::unique_ptr<XML_ParserStruct, Free> parser_;
  XmlElement root_;
  std::vector<std::size_t> path_;
  std::size_t elements_ = 0;
  std::string fault_;
};

}  // namespace

bool XmlElement::is(std::string_view wanted) const { return equal_but_for_case(name, wanted); }

const XmlElement* XmlElement::child(std::string_view wanted) const {
  const auto found =
      std::find_if(children.begin(), children.end(), [&](const XmlElement& one) { return one.is(wanted); });
  return found == children.end() ? nullptr : &*found;
}

std::string_view XmlElement::text_of(std::string_view wanted) const {
  const XmlElement* found = child(wanted);
  return found == nullptr ? std::string_view() : std::string_view(found->text);
}

std::string_view XmlElement::attribute(std::string_view wanted) const {
  const auto found = std::find_if(attributes.begin(), attributes.end(),
                                  [&](const auto& one) { return equal_but_for_case(one.first, wanted); });
  return found == attributes.end() ? std::string_view() : std::string_view(found->second);
}

Result<XmlElement> parse_xml(std::string_view text) {
  if (text.size() > limits::kXmlBytes) return error(Errc::invalid, "xml: it is too long");
  return Builder().build(text);
}

}  // namespace assent

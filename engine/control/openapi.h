// The OpenAPI 3.1 document of the API (openapi.json beside this file), compiled in. Any thread.
#pragma once

#include <string_view>

namespace assent {

std::string_view openapi_json();

}  // namespace assent

// xml.hpp: the few things that S3's answers say in XML: flat elements without attributes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace parley::store_s3 {

// What stands between the tags of each of those elements.
std::vector<std::string_view> xml_elements(std::string_view xml, std::string_view name);
// The text of the first; empty when there is none.
std::string xml_text(std::string_view xml, std::string_view name);
// "2026-11-27T23:00:42.123Z"; 0 for what is none.
int64_t iso_date_ms(const std::string& text);

}  // namespace parley::store_s3

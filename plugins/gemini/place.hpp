// place.hpp: where the API is: the Gemini API, Vertex AI of a region or of the world, or another
// address that speaks like one of them.
#pragma once

#include <string>
#include <string_view>

#include "parley/sdk/base_url.hpp"
#include "parley/sdk/plugin.hpp"

namespace parley::gemini {

struct Settings {
    std::string base_url;  // empty: Google's own
    bool is_vertex = false;
    std::string project;   // empty: the account's
    std::string location;  // "global", "europe-west4", "eu"
    std::string api_version;
};

class Place {
public:
    // Throws Failure for settings that name no place.
    static Place of(Settings settings);

    // The same API at another address. Throws Failure when it is none.
    Place at(std::string_view base_url) const;

    std::string_view origin() const { return base_.origin; }

    // One of Google's own addresses: its models are known.
    bool is_official() const { return is_official_; }

    bool is_vertex() const { return settings_.is_vertex; }

    // "/v1beta/models/m:generateContent" as this place has it. `project` is the account's, empty
    // when it has none; an API key needs none. Throws Failure for what Vertex AI does not serve.
    std::string path_of(std::string_view path, std::string_view project, bool has_token) const;

private:
    void go_to(std::string_view url);
    std::string vertex_path_of(std::string_view path,
                               std::string_view project,
                               bool has_token) const;

    Settings settings_;
    sdk::BaseUrl base_;  // its path is usually empty
    bool is_official_ = false;
};

}  // namespace parley::gemini

#include "place.hpp"

#include <algorithm>

#include "parley/sdk/base_url.hpp"
#include "vertex_body.hpp"

namespace parley::gemini {

using sdk::Failure;

namespace {

constexpr std::string_view kGeminiUrl = "https://generativelanguage.googleapis.com";
constexpr std::string_view kVertexHost = "aiplatform.googleapis.com";

// Both become parts of an address. Old projects have a domain in front: "example.com:id".
void check_word(std::string_view name, std::string_view word) {
    const bool fits = std::all_of(word.begin(), word.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == ':';
    });
    if (fits) return;
    throw Failure(PARLEY_E_CONFIG,
                  std::string(name) + ": \"" + std::string(word) + "\" is none of Google Cloud's");
}

// "m:embedContent" -> "m:predict", where Vertex AI has that model so.
std::string method_of(std::string_view model) {
    const std::size_t colon = model.rfind(':');
    const std::string_view method = colon == model.npos ? model : model.substr(colon + 1);
    const std::string_view name = model.substr(0, colon);
    const bool is_batch = method == "batchEmbedContents";
    if (!is_batch && method != "embedContent") return std::string(model);
    if (is_predicted(name)) return std::string(name) + ":predict";
    if (!is_batch) return std::string(model);
    throw Failure(PARLEY_E_UNSUPPORTED,
                  "Vertex AI makes one vector at a time with this model",
                  "input",
                  "unsupported_value");
}

std::string vertex_url(std::string_view location) {
    std::string url = "https://";
    if (location == "global") return url.append(kVertexHost);
    // Regions of several countries have hosts of another form.
    if (location == "eu" || location == "us") {
        return url.append("aiplatform.").append(location).append(".rep.googleapis.com");
    }
    return url.append(location).append("-").append(kVertexHost);
}

}  // namespace

Place Place::of(Settings settings) {
    Place place;
    check_word("project", settings.project);
    check_word("location", settings.location);
    check_word("api_version", settings.api_version);
    if (settings.is_vertex && settings.location.empty()) {
        throw Failure(PARLEY_E_CONFIG, "location: empty; expected \"global\" or a region");
    }
    const std::string own =
        settings.is_vertex ? vertex_url(settings.location) : std::string(kGeminiUrl);
    std::string url = settings.base_url.empty() ? own : settings.base_url;
    while (url.ends_with('/')) url.pop_back();
    place.is_official_ = url == own;
    place.go_to(url);
    place.settings_ = std::move(settings);
    return place;
}

void Place::go_to(std::string_view url) {
    base_ = sdk::BaseUrl::of("base_url", url);
    // The version comes with each request.
    for (const std::string_view version : {"/v1beta1", "/v1beta", "/v1"}) {
        if (!base_.path.ends_with(version)) continue;
        base_.path.resize(base_.path.size() - version.size());
        break;
    }
}

Place Place::at(std::string_view base_url) const {
    Place other = *this;
    other.go_to(base_url);
    return other;
}

std::string Place::path_of(std::string_view path, std::string_view project, bool has_token) const {
    return base_.path +
           (is_vertex() ? vertex_path_of(path, project, has_token) : std::string(path));
}

std::string Place::vertex_path_of(std::string_view path,
                                  std::string_view project,
                                  bool has_token) const {
    const std::size_t collection = path.find('/', 1);
    constexpr std::string_view kModels = "/models/";
    if (collection == path.npos || !path.substr(collection).starts_with(kModels)) {
        throw Failure(PARLEY_E_UNSUPPORTED, "Vertex AI serves models of the publisher google only");
    }
    const std::string model = method_of(path.substr(collection + kModels.size()));
    std::string out = '/' + settings_.api_version;
    if (!settings_.project.empty()) project = settings_.project;
    // A key says by itself whose project it is of.
    if (has_token) {
        if (project.empty()) {
            throw Failure(PARLEY_E_CONFIG, "project: the account names none; set it");
        }
        out.append("/projects/").append(project).append("/locations/").append(settings_.location);
    }
    return out.append("/publishers/google/models/").append(model);
}

}  // namespace parley::gemini

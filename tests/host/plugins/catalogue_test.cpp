#include "plugins/catalogue.hpp"

#include <algorithm>

#include <gtest/gtest.h>

#include "parley/store.h"

namespace parley::plugins {
namespace {

using Files = std::vector<Catalogue::File>;

const Catalogue::File& file_of(const Catalogue& catalogue, std::string_view id) {
    const Files& files = catalogue.files();
    const auto found =
        std::find_if(files.begin(), files.end(), [id](const auto& file) { return file.id == id; });
    EXPECT_NE(found, files.end()) << id;
    return *found;
}

TEST(CatalogueTest, LeavesAloneWhatNobodyAsksFor) {
    LoadOptions options;
    options.is_unasked = [](const Manifest& manifest) {
        return manifest.components == std::vector<std::string>{"store-file"};
    };
    const Catalogue catalogue = Catalogue::scan({PARLEY_PLUGIN_FOLDER}, options);
    const Catalogue::File& store = file_of(catalogue, "dev.parley.store-file");
    EXPECT_EQ(store.library, nullptr);
    EXPECT_EQ(store.aside, "not asked for");
    EXPECT_EQ(store.refusal, "");
    EXPECT_NE(file_of(catalogue, "dev.parley.example-policy").library, nullptr);
    EXPECT_FALSE(catalogue.find(PARLEY_KIND_STORE, "store-file"));

    // It is still left alone where nothing has changed, and loaded once it is asked for.
    const Catalogue again = Catalogue::scan({PARLEY_PLUGIN_FOLDER}, options, &catalogue);
    EXPECT_EQ(file_of(again, "dev.parley.store-file").aside, "not asked for");
    const Catalogue all = Catalogue::scan({PARLEY_PLUGIN_FOLDER}, {});
    EXPECT_TRUE(all.find(PARLEY_KIND_STORE, "store-file"));
}

TEST(ManifestTest, MayListComponents) {
    const auto with = [](std::string_view components) {
        return parse_manifest(R"({"id":"dev.parley.a","version":"1.0.0","abi":"0.1",)"
                              R"("min_host_minor":1,"kinds":["store"])" +
                              std::string(components) + "}");
    };
    EXPECT_TRUE(with("")->components.empty());
    EXPECT_EQ(with(R"(,"components":["a","b"])")->components, (std::vector<std::string>{"a", "b"}));
    EXPECT_FALSE(with(R"(,"components":"a")"));
    EXPECT_FALSE(with(R"(,"components":[1])"));
}

}  // namespace
}  // namespace parley::plugins

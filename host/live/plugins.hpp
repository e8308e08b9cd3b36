// live/plugins.hpp: the house follows the plugin folders: a library that appears, changes or goes
// is taken over while clients are served. What cannot be taken over leaves the one before it in
// force. [control]
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "http/deadline.hpp"
#include "live/file_watch.hpp"
#include "live/house.hpp"
#include "plugins/catalogue.hpp"

namespace parley::live {

// How libraries went that were loaded once, the latest last.
struct Departures {
    std::vector<plugins::Unloaded> all;
    bool is_end = false;  // all go now, of which nobody needs to hear
};

// Where a configuration's plugins are, the bundled ones first.
using FoldersOf = std::function<std::vector<std::string>(const config::Config&)>;

// How libraries are loaded under a configuration.
using OptionsOf = std::function<plugins::LoadOptions(const config::Config&)>;

// These options, but the log and `departures` hear of libraries that go.
plugins::LoadOptions heard(plugins::LoadOptions options,
                           const std::shared_ptr<Departures>& departures);

class Plugins {
public:
    Plugins(House& house,
            OptionsOf options_of,
            FoldersOf folders_of,
            std::shared_ptr<Departures> departures);

    ~Plugins() { departures_->is_end = true; }

    Plugins(const Plugins&) = delete;
    Plugins& operator=(const Plugins&) = delete;

    // Looks at the folders and takes over what is other than before.
    void look();
    // The configuration may name other folders now.
    void follow();

    using Done = base::Result<void>;

    // From a file of any folder, until the end of the process; also what was disabled or rolled
    // back before.
    Done load(const std::string& file);
    // To the generation before this one, until another file comes.
    Done roll_back(const std::string& id);
    // Nothing serves for it any more, until it is loaded again.
    Done disable(const std::string& id);

    boost::json::object status() const;

private:
    using Catalogue = plugins::Catalogue;
    using LibraryPtr = std::shared_ptr<plugins::Library>;

    // A generation that another one has followed.
    struct Leaving {
        LibraryPtr library;
        std::uint64_t idle_ms = 0;  // since when nobody uses it; 0: somebody does
    };

    // One that serves no more, as long as exchanges go on with it.
    struct Draining {
        std::weak_ptr<plugins::Library> library;
        std::uint64_t since_ms = 0;
        bool is_told = false;  // the exchanges, that they end
    };

    const Catalogue& present() const { return *house_.inputs().catalogue; }

    Catalogue scan() const;
    void take_over(const Catalogue& next);
    void take_over_one_by_one(const Catalogue& next, const std::vector<std::string>& ids);
    void keep(const Catalogue& next,
              const std::string& id,
              const std::vector<config::Fault>& faults);
    void note_files(const Catalogue& next, const std::vector<std::string>& ids);
    std::vector<config::Fault> change(Catalogue next);
    void settle(const Catalogue& before, const Catalogue& now);
    void keep_for_a_restart(const plugins::Library& library) const;
    std::size_t pinned(const std::string& id) const;
    void leave(LibraryPtr library);
    void drain(const LibraryPtr& library);
    void look_again();
    void look_at_leaving(std::uint64_t now_ms);
    void look_at_draining(std::uint64_t now_ms);
    boost::json::array draining() const;

    House& house_;
    OptionsOf options_of_;
    FoldersOf folders_of_;
    std::shared_ptr<Departures> departures_;
    Catalogue::Wishes wishes_;
    std::map<std::string, LibraryPtr> previous_;        // by id: what a rollback goes to
    std::map<std::string, LibraryPtr> rolled_back_to_;  // by id
    std::map<std::string, std::uint64_t> generations_;  // by id: how many there have been
    std::vector<Leaving> leaving_;
    std::vector<Draining> draining_;
    http::Deadline tick_;
    FileWatch folders_;
};

}  // namespace parley::live

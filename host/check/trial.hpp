// check/trial.hpp: what a check finds in its process: the plugin, and where to say what is wrong.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "check/check.hpp"
#include "check/child.hpp"
#include "plugins/exclusives.hpp"
#include "plugins/instance.hpp"
#include "plugins/library.hpp"

namespace parley::check {

class Trial {
public:
    Trial(const Subject& subject, Slate& slate);
    Trial(const Trial&) = delete;
    Trial& operator=(const Trial&) = delete;

    const Subject& subject() const { return subject_; }

    // Where the plugin is, in words for when it does not come back.
    void enter(std::string_view place);

    void fail(std::string_view what) { say(Verdict::failed, what); }

    void warn(std::string_view what) { say(Verdict::warned, what); }

    void skip(std::string_view why) { say(Verdict::skipped, why); }

    bool expect(bool is_right, std::string_view what) {
        if (!is_right) fail(what);
        return is_right;
    }

    bool has_failed() const { return slate_.verdict() == Verdict::failed; }

    // Null when it cannot be loaded, which has then been said.
    std::shared_ptr<plugins::Library> load();

    // Configured with what the subject has for it, and active. Null where it needs settings that
    // it has not got.
    std::shared_ptr<plugins::Instance> make(const std::shared_ptr<plugins::Library>& library,
                                            const plugins::Component& component);

    using Use = std::function<void(std::shared_ptr<plugins::Instance>)>;
    // Makes and uses every component of a kind; skips the check when there is none to use.
    void for_each(std::string_view kind, const Use& use);

    // The settings as this component's schema takes them.
    boost::json::object settings_of(const plugins::Component& component) const;

    // The same as JSON, defaults filled in, as configure is given it.
    std::string settings_text(const plugins::Library& library,
                              const plugins::Component& component) const;

    // Whether the subject has settings for it, so that it does not work where its defaults say.
    bool is_told(const plugins::Instance& made) const;

    // Whose schema its settings are checked with.
    static const plugins::Component& configured_as(const plugins::Library& library,
                                                   const plugins::Component& component);

    const std::shared_ptr<plugins::HostServices>& services() const { return services_; }

    // How libraries that this trial loaded went.
    const std::vector<plugins::Unloaded>& unloaded() const { return unloaded_; }

    // What the plugin logged so far.
    std::string logged() const;

private:
    void say(Verdict verdict, std::string_view text);

    const Subject& subject_;
    Slate& slate_;
    std::shared_ptr<plugins::HostServices> services_;
    std::vector<plugins::Unloaded> unloaded_;
    plugins::Exclusives exclusives_;
    mutable std::mutex mutex_;
    std::string log_;
};

}  // namespace parley::check

// command/terminal.hpp: the person at the terminal who began a login: is shown where to go, and
// heard of by a browser that comes back or by what is pasted. [loop]
#pragma once

#include <coroutine>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/streambuf.hpp>

#include "accounts/outside.hpp"
#include "config/environment.hpp"
#include "http/callback.hpp"
#include "http/loop.hpp"

namespace parley::command {

class Terminal final : public accounts::Person {
public:
    struct Manner {
        bool opens_browser = true;
    };

    Terminal(http::Loop& loop, config::Environment environment, Manner manner);
    ~Terminal() override;

    base::Result<void> show(const accounts::Errand& errand) override;
    base::Task<base::Result<base::Secret>> await(const accounts::Callback& callback,
                                                 http::Cancellation& cancellation) override;

    // Nobody is waited for any more.
    void leave();

    // No browser is being answered: the loop may end.
    bool is_quiet() const { return door_ == nullptr || door_->is_empty(); }

    // Whatever a browser still waits for.
    void cut();

private:
    struct Arrival;

    base::Result<void> open_door(const accounts::Callback& callback);
    void say_how_to_return(const accounts::Callback& callback, bool has_door) const;
    void listen_to_input();
    void heard(std::size_t bytes);
    void arrive(base::Result<base::Secret> with);
    bool is_remote() const;
    bool has_screen() const;
    bool open_browser(const std::string& url) const;

    http::Loop& loop_;
    const config::Environment environment_;
    const Manner manner_;
    boost::asio::posix::stream_descriptor input_;
    int input_flags_ = -1;  // as they were; the shell reads the same file
    boost::asio::streambuf typed_;
    bool is_reading_ = false;
    bool has_input_ = true;  // its end has not come
    std::unique_ptr<http::CallbackDoor> door_;
    std::string state_;  // of the callback that is awaited
    std::coroutine_handle<> waiter_;
    std::optional<base::Result<base::Secret>> arrived_;
};

}  // namespace parley::command

// base/task.hpp: the only coroutine type. Lazy, owned by its awaiter, on one event loop.
//
// A task that ends without waiting returns to its awaiter by an ordinary return, so a loop over
// ready work does not grow the stack, whatever the optimisation level.
// Mind g++ 12 (law 9): co_await is a statement, the whole right side of a named value, or follows
// co_return, and its operand holds no braces, brackets or conditionals.
#pragma once

#include <array>
#include <coroutine>
#include <cstddef>
#include <exception>
#include <new>
#include <optional>
#include <utility>

namespace parley::base {

template <class T = void>
class Task;

namespace detail {

// Frames of coroutines come and go by the dozen in an exchange, so each thread keeps those it had.
// Under AddressSanitizer they go back to the heap, where a use after the end is seen.
class FramePool {
public:
    static void* take(std::size_t size) {
        const std::size_t row = row_of(size);
        if (row >= kRows) return ::operator new(size);
        Free*& head = rows()[row];
        if (head == nullptr) return ::operator new((row + 1) * kStepBytes);
        return std::exchange(head, head->next);
    }

    static void give(void* frame, std::size_t size) {
        const std::size_t row = row_of(size);
        if (row >= kRows) return ::operator delete(frame);
        Free*& head = rows()[row];
        head = new (frame) Free{head};
    }

private:
    struct Free {
        Free* next;
    };

    static constexpr std::size_t kStepBytes = 128;
#if defined(__SANITIZE_ADDRESS__)
    static constexpr std::size_t kRows = 0;
#else
    static constexpr std::size_t kRows = 32;
#endif

    static std::size_t row_of(std::size_t size) {
        return (size - 1) / kStepBytes;
    }

    static std::array<Free*, 32>& rows() {
        thread_local constinit std::array<Free*, 32> all{};
        return all;
    }
};

struct PromiseBase {
    static void* operator new(std::size_t size) { return FramePool::take(size); }

    static void operator delete(void* frame, std::size_t size) { FramePool::give(frame, size); }

    std::coroutine_handle<> awaiter;
    std::exception_ptr fault;
    bool awaiter_suspended = false;

    std::suspend_always initial_suspend() noexcept { return {}; }

    void unhandled_exception() noexcept { fault = std::current_exception(); }

    struct Final {
        bool await_ready() noexcept { return false; }

        template <class P>
        std::coroutine_handle<> await_suspend(std::coroutine_handle<P> self) noexcept {
            PromiseBase& p = self.promise();
            return p.awaiter_suspended ? p.awaiter : std::noop_coroutine();
        }

        void await_resume() noexcept {}
    };

    Final final_suspend() noexcept { return {}; }
};

template <class T>
struct Promise : PromiseBase {
    std::optional<T> value;
    Task<T> get_return_object();

    void return_value(T v) { value.emplace(std::move(v)); }

    T take() { return std::move(*value); }
};

template <>
struct Promise<void> : PromiseBase {
    Task<void> get_return_object();

    void return_void() {}

    void take() {}
};

}  // namespace detail

template <class T>
class [[nodiscard]] Task {
public:
    using promise_type = detail::Promise<T>;
    using Handle = std::coroutine_handle<promise_type>;

    explicit Task(Handle handle) : handle_(handle) {}

    Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}

    Task& operator=(Task&&) = delete;

    ~Task() {
        if (handle_) handle_.destroy();
    }

    bool await_ready() noexcept { return false; }

    bool await_suspend(std::coroutine_handle<> awaiter) {
        auto& promise = handle_.promise();
        promise.awaiter = awaiter;
        handle_.resume();
        if (handle_.done()) return false;
        promise.awaiter_suspended = true;
        return true;
    }

    T await_resume() {
        auto& promise = handle_.promise();
        if (promise.fault) std::rethrow_exception(promise.fault);
        return promise.take();
    }

private:
    Handle handle_;
};

namespace detail {

template <class T>
Task<T> Promise<T>::get_return_object() {
    return Task<T>(std::coroutine_handle<Promise>::from_promise(*this));
}

inline Task<void> Promise<void>::get_return_object() {
    return Task<void>(std::coroutine_handle<Promise>::from_promise(*this));
}

// A coroutine that owns itself: it runs at once and frees its frame at the end.
struct Detached {
    struct promise_type {
        Detached get_return_object() { return {}; }

        std::suspend_never initial_suspend() noexcept { return {}; }

        std::suspend_never final_suspend() noexcept { return {}; }

        void return_void() {}

        void unhandled_exception() noexcept { std::terminate(); }
    };
};

}  // namespace detail

// Runs a task to its end with nobody waiting. The task must not let an exception out.
inline detail::Detached spawn(Task<void> task) {
    co_await task;
}

}  // namespace parley::base

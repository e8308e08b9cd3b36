// parley/sdk/plugin.hpp: write a plugin as plain C++ classes.
//
// A component is a class. Its constructor takes `const parley_host*`; its members have the names of
// the kind's table without instance and error arguments; what a class does not have is left out of
// the table. Members report failure by throwing Failure; nothing thrown leaves the plugin.
// The tables themselves are made by dialect.hpp, provider.hpp and login.hpp beside this file.
#pragma once

#include <cstring>
#include <exception>
#include <new>
#include <string>
#include <string_view>
#include <utility>

#include "parley/abi.h"
#include "parley/host.h"

namespace parley::sdk {

inline std::string_view view(parley_str s) {
    return {s.ptr, s.len};
}

inline std::string_view view(parley_bytes b) {
    return {reinterpret_cast<const char*>(b.ptr), b.len};
}

constexpr parley_str str(std::string_view s) {
    return {s.data(), s.size()};
}

inline parley_bytes bytes(std::string_view s) {
    return {reinterpret_cast<const uint8_t*>(s.data()), s.size()};
}

// Why something cannot be done. Throw it from any member of a component.
struct Failure : std::exception {
    int32_t error_class;
    std::string message;  // lower case, no full stop
    std::string param;
    std::string code;
    uint32_t fault = PARLEY_FAULT_CLIENT;
    uint32_t scope = 0;  // PARLEY_SCOPE_*
    uint64_t retry_after_ms = 0;

    Failure(int32_t c, std::string m, std::string p = {}, std::string k = {})
        : error_class(c), message(std::move(m)), param(std::move(p)), code(std::move(k)) {}

    const char* what() const noexcept override { return message.c_str(); }
};

// Memory that the host frees when the call, session or exchange it belongs to ends.
class Arena {
public:
    explicit Arena(const parley_arena* arena) : arena_(arena) {}

    template <class T>
    T* array(std::size_t count) {
        return new (take(sizeof(T) * count, alignof(T))) T[count]();
    }

    parley_str copy(std::string_view text) {
        if (text.empty()) return {};
        char* memory = room(text.size());
        std::memcpy(memory, text.data(), text.size());
        return {memory, text.size()};
    }

    // For text that is about to be written there: it is not cleared.
    char* room(std::size_t size) { return static_cast<char*>(take(size, 1)); }

private:
    void* take(std::size_t size, std::size_t align) {
        void* memory = arena_->alloc(arena_, size, align);
        if (memory == nullptr) throw Failure(PARLEY_E_BUDGET, "arena: limit reached");
        return memory;
    }

    const parley_arena* arena_;
};

// Where bytes go. Throws when the host takes no more.
class Out {
public:
    explicit Out(const parley_out* out) : out_(out) {}

    void write(std::string_view text) { check(out_->write(out_, bytes(text))); }

    // Bytes that outlive the exchange: static ones, or a slice of the client's own body.
    void borrow(std::string_view text) { check(out_->borrow(out_, bytes(text))); }

private:
    static void check(parley_status status) {
        if (status < 0) throw Failure(PARLEY_E_BUDGET, "out: limit reached");
    }

    const parley_out* out_;
};

inline void log(const parley_host* host, uint32_t level, std::string_view text) {
    host->log(host, level, str(text));
}

namespace detail {

inline parley_status fill(parley_error* error, const Failure& failure) noexcept {
    if (error == nullptr) return -failure.error_class;
    error->error_class = failure.error_class;
    error->fault = failure.fault;
    error->scope = failure.scope;
    error->retry_after_ms = failure.retry_after_ms;
    try {
        Arena arena(error->arena);
        error->message = arena.copy(failure.message);
        error->param = arena.copy(failure.param);
        error->code = arena.copy(failure.code);
    } catch (...) {
        error->message = str("no memory for the message");
    }
    return -failure.error_class;
}

inline parley_status fill(parley_error* error, const char* what) noexcept {
    try {
        Failure failure(PARLEY_E_INTERNAL, what);
        failure.fault = PARLEY_FAULT_PLUGIN;
        return fill(error, failure);
    } catch (...) {
        return -PARLEY_E_INTERNAL;
    }
}

// Runs `body` and turns whatever it throws into a status. A body without a result means OK.
template <class Body>
parley_status guard(parley_error* error, Body&& body) noexcept {
    try {
        if constexpr (std::is_void_v<decltype(body())>) {
            body();
            return PARLEY_OK;
        } else {
            return body();
        }
    } catch (const Failure& failure) {
        return fill(error, failure);
    } catch (const std::exception& fault) {
        return fill(error, fault.what());
    } catch (...) {
        return fill(error, "unknown exception");
    }
}

template <class T>
T& self(parley_instance* instance) {
    return *reinterpret_cast<T*>(instance);
}

template <class S>
S& stream(parley_session* session) {
    return *reinterpret_cast<S*>(session);
}

}  // namespace detail

// What a component says of itself.
struct Describe {
    std::string_view kind;
    std::string_view id;
    std::string_view title;
    std::string_view config_schema = {};
    uint32_t flags = 0;
};

// The component record of class T with the kind's table.
template <class T>
parley_component make_component(const Describe& about, const void* table) {
    using namespace detail;
    parley_component c{};
    c.struct_size = sizeof(c);
    c.flags = about.flags;
    c.kind = str(about.kind);
    c.id = str(about.id);
    c.title = str(about.title);
    c.config_schema = str(about.config_schema);
    c.table = table;
    c.create = [](const parley_host* host, parley_instance** out, parley_error* error) {
        return guard(error, [&] { *out = reinterpret_cast<parley_instance*>(new T(host)); });
    };
    c.destroy = [](parley_instance* instance) { delete &self<T>(instance); };
    if constexpr (requires(T & t) { t.configure(std::string_view{}); }) {
        c.configure = [](parley_instance* instance, parley_str config, parley_error* error) {
            return guard(error, [&] { self<T>(instance).configure(view(config)); });
        };
    }
    if constexpr (requires(T & t) { t.activate(); }) {
        c.activate = [](parley_instance* instance, parley_error* error) {
            return guard(error, [&] { self<T>(instance).activate(); });
        };
    }
    if constexpr (requires(T & t) { t.quiesce(); }) {
        c.quiesce = [](parley_instance* instance) {
            guard(nullptr, [&] { self<T>(instance).quiesce(); });
        };
    }
    if constexpr (requires(T & t) { t.deactivate(); }) {
        c.deactivate = [](parley_instance* instance) {
            guard(nullptr, [&] { self<T>(instance).deactivate(); });
        };
    }
    return c;
}

// The entry of a plugin whose components are the elements of `list` (an array with static life).
template <class List>
constexpr parley_entry make_entry(std::string_view id,
                                  std::string_view version,
                                  std::string_view vendor,
                                  List) {
    parley_entry e{};
    e.struct_size = sizeof(e);
    e.abi_major = PARLEY_ABI_MAJOR;
    e.abi_minor = PARLEY_ABI_MINOR;
    e.id = str(id);
    e.version = str(version);
    e.vendor = str(vendor);
    e.component_count = [] { return static_cast<uint32_t>(List{}().size()); };
    e.component = [](uint32_t index) -> const parley_component* {
        const auto& all = List{}();
        return index < all.size() ? &all[index] : nullptr;
    };
    return e;
}

}  // namespace parley::sdk

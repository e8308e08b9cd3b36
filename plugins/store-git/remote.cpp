#include "remote.hpp"

#include "http.hpp"
#include "ssh.hpp"

namespace parley::store_git {

using sdk::store_failure;

namespace {

int progress(const git_indexer_progress*, void* payload) {
    return static_cast<Talk*>(payload)->cancel.is_set() ? GIT_EUSER : 0;
}

int push_progress(unsigned, unsigned, std::size_t, void* payload) {
    return progress(nullptr, payload);
}

int refused(const char*, const char* status, void* payload) {
    if (status != nullptr) static_cast<Talk*>(payload)->refusal = status;
    return 0;
}

}  // namespace

git_remote_callbacks callbacks(Talk& talk) {
    git_remote_callbacks out = GIT_REMOTE_CALLBACKS_INIT;
    out.transfer_progress = progress;
    out.push_transfer_progress = push_progress;
    out.push_update_reference = refused;
    if (is_http(talk.settings.remote)) out.transport = make_http_transport;
    if (ssh_address(talk.settings.remote)) out.transport = make_ssh_transport;
    out.payload = &talk;
    return out;
}

void check(int code, std::string_view what) {
    if (code >= 0) return;
    const git_error* error = git_error_last();
    const std::string words =
        std::string(what) + ": " + (error == nullptr ? "no reason given" : error->message);
    if (code == GIT_EAUTH || code == GIT_ECERTIFICATE) {
        throw store_failure(PARLEY_E_FORBIDDEN, words);
    }
    if (code == GIT_ELOCKED) throw store_failure(PARLEY_E_OVERLOADED, words, 200);
    throw store_failure(PARLEY_E_INTERNAL, words);
}

void check(int code, std::string_view what, const Talk& talk) {
    if (code >= 0) return;
    talk.cancel.check();
    if (talk.fault != nullptr) {
        try {
            std::rethrow_exception(talk.fault);
        } catch (sdk::Failure& fault) {
            throw store_failure(
                fault.error_class, std::string(what) + ": " + fault.what(), fault.retry_after_ms);
        }
    }
    check(code, what);
}

std::string local_path(const std::string& remote) {
    constexpr std::string_view kFile = "file://";
    if (remote.starts_with(kFile)) return remote.substr(kFile.size());
    return remote.starts_with('/') ? remote : std::string();
}

void check_remote(const std::string& remote) {
    if (is_http(remote) || ssh_address(remote) || local_path(remote).starts_with('/')) return;
    throw sdk::Failure(PARLEY_E_CONFIG,
                       "remote: https://host/repository.git, ssh://user@host/repository.git or an "
                       "absolute path was expected");
}

}  // namespace parley::store_git

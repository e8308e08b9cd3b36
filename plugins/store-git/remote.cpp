#include "remote.hpp"

#include "http.hpp"

namespace parley::store_git {

using sdk::store_failure;

namespace {

int prove(git_credential** out, const char*, const char* user, unsigned allowed, void* payload) {
    Talk& talk = *static_cast<Talk*>(payload);
    const Settings& settings = talk.settings;
    // Who was refused once is refused again, and libgit2 would ask for ever.
    if (++talk.proofs > 2) return GIT_EAUTH;
    if ((allowed & GIT_CREDENTIAL_USERNAME) != 0) {
        return git_credential_username_new(out, user == nullptr ? "git" : user);
    }
    if ((allowed & GIT_CREDENTIAL_SSH_KEY) != 0 && !settings.ssh_key_file.empty()) {
        return git_credential_ssh_key_new(out,
                                          user == nullptr ? "git" : user,
                                          nullptr,
                                          settings.ssh_key_file.c_str(),
                                          settings.ssh_key_passphrase.c_str());
    }
    if ((allowed & GIT_CREDENTIAL_USERPASS_PLAINTEXT) != 0 && !settings.token.empty()) {
        return git_credential_userpass_plaintext_new(
            out, settings.token_user.c_str(), settings.token.c_str());
    }
    return GIT_EAUTH;
}

std::string base64_without_padding(const unsigned char* bytes, std::size_t size) {
    constexpr std::string_view kDigits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    unsigned bits = 0;
    int count = 0;
    for (std::size_t i = 0; i < size; ++i) {
        bits = bits << 8 | bytes[i];
        for (count += 8; count >= 6; count -= 6) out += kDigits[bits >> (count - 6) & 63];
    }
    if (count > 0) out += kDigits[bits << (6 - count) & 63];
    return out;
}

// TLS certificates are libgit2's to judge; a host key of SSH has to be the one that was configured.
int believe(git_cert* certificate, int valid, const char* host, void* payload) {
    Talk& talk = *static_cast<Talk*>(payload);
    if (certificate->cert_type != GIT_CERT_HOSTKEY_LIBSSH2)
        return valid != 0 ? 0 : GIT_ECERTIFICATE;
    const auto& key = *reinterpret_cast<git_cert_hostkey*>(certificate);
    const bool has_digest = (key.type & GIT_CERT_SSH_SHA256) != 0;
    const std::string found =
        has_digest ? "SHA256:" + base64_without_padding(key.hash_sha256, sizeof(key.hash_sha256))
                   : "of an unknown kind";
    if (found == talk.settings.ssh_host_key) return 0;
    talk.distrust =
        std::string(host) + ": its host key is " + found + "; ssh_host_key was expected";
    return GIT_ECERTIFICATE;
}

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
    out.credentials = prove;
    out.certificate_check = believe;
    out.transfer_progress = progress;
    out.push_transfer_progress = push_progress;
    out.push_update_reference = refused;
    if (is_http(talk.settings.remote)) out.transport = make_http_transport;
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
    if (!talk.distrust.empty()) throw store_failure(PARLEY_E_FORBIDDEN, talk.distrust);
    if (talk.proofs > 0) {
        const git_error* error = git_error_last();
        throw store_failure(PARLEY_E_FORBIDDEN,
                            std::string(what) + ": the remote does not let us in: " +
                                (error == nullptr ? "" : error->message));
    }
    check(code, what);
}

std::string local_path(const std::string& remote) {
    constexpr std::string_view kFile = "file://";
    if (remote.starts_with(kFile)) return remote.substr(kFile.size());
    return remote.starts_with('/') ? remote : std::string();
}

}  // namespace parley::store_git

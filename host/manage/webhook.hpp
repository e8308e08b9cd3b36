// manage/webhook.hpp: POST /hooks/store, by which whoever changes what the store follows says so, a
// git server above all. The store is then looked at without waiting for its turn. Nothing else can
// be had there, and only by who proves to know store.webhook_secret. [loop]
#pragma once

#include <memory>

#include "base/task.hpp"
#include "http/client.hpp"
#include "pipeline/world.hpp"

namespace parley::manage {

// Whether there is such a page, and this request asks for it.
bool is_for_webhook(const http::RequestHead& head, const pipeline::World& world);

base::Task<void> answer_webhook(http::Client& client, std::shared_ptr<const pipeline::World> world);

// What is wrong with the proof of a request, or nothing. A signature of the body is one
// (x-hub-signature-256, x-hub-signature, x-gitea-signature); the secret itself (x-gitlab-token,
// authorization: Bearer) only where nobody else can read it: over TLS, or from this machine.
base::Result<void> check_webhook(const http::RequestHead& head,
                                 std::string_view body,
                                 std::string_view secret,
                                 bool is_private);

}  // namespace parley::manage

#include "accounts/state.hpp"

#include <memory>

namespace parley::accounts {

State::~State() {
    for (Model* model = first(); model != nullptr;) {
        const std::unique_ptr<Model> gone(model);
        model = gone->next;
    }
}

State::Model* State::find(std::string_view model) const {
    Model* known = first();
    while (known != nullptr && known->name != model) known = known->next;
    return known;
}

State::Model* State::open(std::string_view model, std::size_t models_max) {
    if (Model* known = find(model)) return known;
    // Loops that make different ones at once may go beyond it by one each.
    if (model_count_.load(std::memory_order_relaxed) >= models_max) return find(model);
    auto made = std::make_unique<Model>(model);
    made->next = first();
    do {
        // Another loop may have made the same one just now.
        if (Model* known = find(model)) return known;
    } while (!first_.compare_exchange_weak(made->next, made.get(), std::memory_order_acq_rel));
    model_count_.fetch_add(1, std::memory_order_relaxed);
    return made.release();
}

}  // namespace parley::accounts

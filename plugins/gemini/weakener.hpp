// weakener.hpp: what both forms of schemas have in common when they lose words.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "json_tree.hpp"

namespace parley::gemini {

class Weakener {
public:
    static constexpr int kDepthMax = 48;

    explicit Weakener(std::string_view schema);

    bool is_weakened = false;

protected:
    // What a node cannot say any more, in words.
    class Notes {
    public:
        void add(std::string_view name, const Node& value);
        // Appends them to the description.
        void write(Node& out) const;

        bool empty() const { return text_.empty(); }

    private:
        std::string text_;
    };

    // The node with its allOf taken into it; what cannot be taken in is noted.
    Node merged(const Node& in, Notes& notes);

    // The target of "#/$defs/x"; null when it is not in the root's definitions.
    const Node* resolve(std::string_view ref) const;

    // The names of the target: "x" of "#/$defs/x", decoded.
    static std::string ref_name(std::string_view ref);

    // "required" without the names that `properties` does not have.
    static Node known_names(const Node& required, const Node* properties);

    void note(Notes& notes, std::string_view name, const Node& value) {
        is_weakened = true;
        notes.add(name, value);
    }

    Node root_;

private:
    void merge_into(Node& out, const Node& branch, Notes& notes, int depth);
    static bool is_plain_object(const Node& branch);
};

// Words that constrain nothing.
bool is_remark(std::string_view name);

}  // namespace parley::gemini

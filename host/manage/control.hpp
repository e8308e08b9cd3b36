// manage/control.hpp: what is asked of a running Parley over the socket in its state folder, and
// answered in JSON. Whoever has something to tell or to do adds a route. [control]
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/object.hpp>

#include "base/error.hpp"
#include "base/task.hpp"
#include "config/limits.hpp"
#include "http/stream.hpp"

namespace parley::manage {

class Control {
public:
    // What came with the question: a JSON object, empty where there was none.
    using Question = boost::json::object;
    using Answer = base::Result<boost::json::object>;
    using Route = std::function<Answer(const Question&)>;
    using SlowRoute = std::function<base::Task<Answer>(const Question&)>;

    // `method` and `path` as they are asked: "POST", "/account/clear".
    void add(std::string method, std::string path, Route route);
    // One that has to wait for its answer.
    void add_slow(std::string method, std::string path, SlowRoute route);

    // Serves a connection to its end.
    base::Task<void> serve(http::Stream::Ptr stream);

private:
    struct Row {
        std::string method;
        std::string path;
        Route route;
        SlowRoute slow;  // or this
    };

    base::Task<Answer> answer(std::string_view method,
                              std::string_view path,
                              std::string_view body) const;
    base::Error unknown(std::string_view method, std::string_view path) const;

    std::vector<Row> rows_;
    std::shared_ptr<const config::Limits> limits_ = std::make_shared<config::Limits>();
};

}  // namespace parley::manage

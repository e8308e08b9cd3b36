// s3_stage.hpp: the server that the suite runs store-s3 on.
#pragma once

#include <memory>
#include <string>

#include "process.hpp"
#include "stage.hpp"

namespace parley::store_test {

class S3Stage : public Stage {
public:
    std::string start() override;
    std::string fresh_settings() override;

    // Null when it is not ours.
    Process* server() { return server_.get(); }

private:
    std::unique_ptr<Process> server_;
    std::string endpoint_;
    std::string access_key_ = "access";
    std::string secret_key_ = "secret";
    int places_ = 0;
};

}  // namespace parley::store_test

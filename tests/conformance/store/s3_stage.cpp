// s3_stage.cpp: a server of S3 of the test's own, or one that is given:
//   PARLEY_STORE_S3=http://ACCESS:SECRET@host:port
#include "s3_stage.hpp"

#include <cstdlib>
#include <unistd.h>

#include "postgres_server.hpp"

namespace parley::store_test {

std::string S3Stage::start() {
    if (program("curl").empty()) return "no curl here to make the bucket with";
    if (const char* given = std::getenv("PARLEY_STORE_S3")) {
        const std::string url = given;
        const std::size_t user = url.find("://") + 3;
        const std::size_t at = url.find('@', user);
        const std::string keys = url.substr(user, at - user);
        access_key_ = keys.substr(0, keys.find(':'));
        secret_key_ = keys.substr(keys.find(':') + 1);
        endpoint_ = url.substr(0, user) + url.substr(at + 1);
    } else {
        if (program("moto_server").empty()) {
            return "no moto_server here, and PARLEY_STORE_S3 names no other server";
        }
        const std::string port = std::to_string(free_port());
        endpoint_ = "http://127.0.0.1:" + port;
        const std::string command = "exec moto_server -H 127.0.0.1 -p " + port + " >/dev/null 2>&1";
        server_ = std::make_unique<Process>(
            std::vector<std::string>{"setpriv", "--pdeathsig", "KILL", "sh", "-c", command});
    }
    output_of({"curl",
               "-sS",
               "-f",
               "--retry",
               "60",
               "--retry-connrefused",
               "--retry-delay",
               "1",
               "-X",
               "PUT",
               "--user",
               access_key_ + ':' + secret_key_,
               "--aws-sigv4",
               "aws:amz:us-east-1:s3",
               "-H",
               "x-amz-content-sha256: UNSIGNED-PAYLOAD",
               endpoint_ + "/parley-test"});
    return {};
}

std::string S3Stage::fresh_settings() {
    // A server that outlives this program has places of other programs.
    return "{\"bucket\":\"parley-test\",\"endpoint\":\"" + endpoint_ + "\",\"access_key\":\"" +
           access_key_ + "\",\"secret_key\":\"" + secret_key_ + "\",\"poll_interval_ms\":200," +
           "\"prefix\":\"place-" + std::to_string(::getpid()) + '-' + std::to_string(++places_) +
           "/\"}";
}

}  // namespace parley::store_test

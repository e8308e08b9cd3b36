#include "postgres_server.hpp"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <netinet/in.h>
#include <sstream>
#include <stdexcept>
#include <sys/socket.h>
#include <unistd.h>

namespace parley::store_test {

namespace fs = std::filesystem;

namespace {

constexpr const char* kPrograms = "/usr/lib/postgresql/15/bin/";

std::string program_of(const std::string& name) {
    const std::string debian = kPrograms + name;
    return ::access(debian.c_str(), X_OK) == 0 ? debian : program(name);
}

void write(const std::string& file, std::string_view text) {
    std::ofstream(file) << text;
}

}  // namespace

int free_port() {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    const bool bound =
        ::bind(socket, generic, size) == 0 && ::getsockname(socket, generic, &size) == 0;
    ::close(socket);
    if (!bound) throw std::runtime_error("no free port");
    return ntohs(address.sin_port);
}

std::string PostgresServer::missing() {
    for (const char* name : {"initdb", "postgres", "psql", "pg_ctl"}) {
        if (program_of(name).empty()) {
            return std::string("no ") + name + " of PostgreSQL here; apt-get install postgresql";
        }
    }
    if (::geteuid() == 0 && program("setpriv").empty()) return "no setpriv here, and this is root";
    return {};
}

// PostgreSQL does not run as root. It ends with this process, however that ends.
std::vector<std::string> PostgresServer::as_server(std::vector<std::string> words) const {
    std::vector<std::string> prefix{"setpriv", "--pdeathsig", "KILL"};
    if (::geteuid() == 0) {
        prefix.insert(prefix.end(),
                      {"--reuid", "postgres", "--regid", "postgres", "--init-groups"});
    }
    prefix.push_back(program_of(words[0]));
    prefix.insert(prefix.end(), words.begin() + 1, words.end());
    return prefix;
}

PostgresServer::PostgresServer(int small_megabytes)
    : port_(free_port()), small_megabytes_(small_megabytes) {
    const std::string& folder = scratch_.path();
    write(folder + "/password", "right");
    if (::geteuid() == 0) output_of({"chown", "-R", "postgres:", folder});
    output_of(as_server({"initdb",
                         "-D",
                         folder + "/data",
                         "-U",
                         "parley",
                         "-E",
                         "UTF8",
                         "--locale=C.UTF-8",
                         "--auth-local=trust",
                         "--auth-host=scram-sha-256",
                         "--pwfile=" + folder + "/password",
                         "--no-sync"}));
    start();
}

PostgresServer::PostgresServer(const PostgresServer& primary) : port_(free_port()) {
    const std::string& folder = scratch_.path();
    if (::geteuid() == 0) output_of({"chown", "-R", "postgres:", folder});
    output_of(as_server(
        {"pg_basebackup",
         "-D",
         folder + "/data",
         "-R",
         "--no-sync",
         "-c",
         "fast",
         "-d",
         "host=" + primary.folder() + " port=" + std::to_string(primary.port()) + " user=parley"}));
    start();
}

PostgresServer::~PostgresServer() {
    kill();
}

void PostgresServer::start() {
    std::vector<std::string> words = as_server({"postgres",
                                                "-D",
                                                folder() + "/data",
                                                "-k",
                                                folder(),
                                                "-h",
                                                "127.0.0.1",
                                                "-p",
                                                std::to_string(port_),
                                                "-c",
                                                "max_connections=20",
                                                "-c",
                                                "shared_buffers=16MB",
                                                "-c",
                                                "log_min_messages=panic"});
    if (small_megabytes_ != 0) {
        // Only the server sees that disk, which ends with it.
        fs::create_directory(folder() + "/small");
        const std::string mount =
            "mount -t tmpfs -o mode=700,size=" + std::to_string(small_megabytes_) +
            "m none \"$0\" && chown --reference \"$0/..\" \"$0\" && "
            "exec \"$@\"";
        const std::vector<std::string> alone{
            "unshare", "-m", "sh", "-c", mount, folder() + "/small"};
        words.insert(words.begin(), alone.begin(), alone.end());
    }
    server_ = std::make_unique<Process>(words);
    wait_until_it_answers();
}

void PostgresServer::wait_until_it_answers() const {
    for (int tries = 0; tries < 600; ++tries) {
        Process ready(as_server(
            {"pg_isready", "-q", "-t", "10", "-h", folder(), "-p", std::to_string(port_)}));
        if (ready.wait() == 0) return;
    }
    throw std::runtime_error("postgres does not start; see " + folder());
}

void PostgresServer::signal_all(int number) const {
    std::ifstream file(folder() + "/data/postmaster.pid");
    std::string postmaster;
    std::getline(file, postmaster);
    if (postmaster.empty()) return;
    std::ifstream children("/proc/" + postmaster + "/task/" + postmaster + "/children");
    std::vector<pid_t> all{std::stoi(postmaster)};
    for (pid_t child = 0; children >> child;) all.push_back(child);
    for (const pid_t pid : all) ::kill(pid, number);
}

void PostgresServer::kill() {
    if (server_ == nullptr) return;
    signal_all(SIGKILL);
    server_->wait();
    server_.reset();
}

void PostgresServer::restart() {
    output_of(as_server({"pg_ctl", "-D", folder() + "/data", "-m", "fast", "-w", "-s", "stop"}));
    server_->wait();
    start();
}

void PostgresServer::promote() {
    output_of(as_server({"pg_ctl", "-D", folder() + "/data", "-w", "-s", "promote"}));
}

std::string PostgresServer::url(const std::string& user, const std::string& password) const {
    return "postgresql://" + user + ':' + password + '@' + host() + "/postgres";
}

std::string PostgresServer::sql(const std::string& text) const {
    return output_of({program_of("psql"),
                      "-X",
                      "-q",
                      "-A",
                      "-t",
                      "-v",
                      "ON_ERROR_STOP=1",
                      "-h",
                      folder(),
                      "-p",
                      std::to_string(port_),
                      "-U",
                      "parley",
                      "-d",
                      "postgres",
                      "-c",
                      text});
}

std::string PostgresStage::start() {
    std::string missing = PostgresServer::missing();
    if (missing.empty()) server_ = std::make_unique<PostgresServer>();
    return missing;
}

std::string PostgresStage::fresh_settings() {
    return "{\"url\":\"" + server_->url() + "\",\"schema\":\"place_" + std::to_string(++places_) +
           "\",\"poll_interval_ms\":500}";
}

}  // namespace parley::store_test

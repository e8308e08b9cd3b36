/* parley/host.h: what a plugin may ask of the host.
 *
 * A parley_host is handed to init and create and stays valid until deinit or destroy returns.
 * Host functions never call back into the plugin.
 */
#ifndef PARLEY_HOST_H
#define PARLEY_HOST_H

#include "parley/abi.h"

PARLEY_EXTERN_C_BEGIN

#define PARLEY_LOG_DEBUG 1
#define PARLEY_LOG_INFO 2
#define PARLEY_LOG_WARN 3
#define PARLEY_LOG_ERROR 4

struct parley_host {
    uint32_t struct_size;
    uint16_t abi_major;
    uint16_t abi_minor;
    parley_str name;    /* "parley" */
    parley_str version; /* of the host program */
    void *ctx;          /* the host's own */

    /* Writes one log line, prefixed with the component's name. Text is escaped; secrets that the
     * host knows are redacted. Lines over the host's rate are counted and dropped.
     * @thread any  @need required  @life none  @null none  @since 0.1 */
    void (*log)(const parley_host *host, uint32_t level, parley_str text);

    /* Wall clock, milliseconds since 1970 UTC.
     * @thread any  @need required  @life none  @null none  @since 0.1 */
    int64_t (*wall_ms)(const parley_host *host);

    /* Monotonic clock, milliseconds since an unspecified start.
     * @thread any  @need required  @life none  @null none  @since 0.1 */
    int64_t (*monotonic_ms)(const parley_host *host);

    /* A host extension's table by id, e.g. PARLEY_HOST_CRYPTO; NULL when this host has none.
     * @thread any  @need required  @life instance  @null may return NULL  @since 0.1 */
    const void *(*get_extension)(const parley_host *host, parley_str id);
};

/* Hashes, randomness and signatures, so that a plugin need not link a crypto library. */
#define PARLEY_HOST_CRYPTO "parley.host.crypto/1"
typedef struct parley_host_crypto {
    uint32_t struct_size;
    uint32_t reserved0;

    /* SHA-256 of data into out[32].
     * @thread any  @need required  @life none  @null none  @since 0.1 */
    parley_status (*sha256)(const parley_host *host, parley_bytes data, uint8_t *out);

    /* HMAC-SHA-256 of data under key into out[32].
     * @thread any  @need required  @life none  @null none  @since 0.1 */
    parley_status (*hmac_sha256)(const parley_host *host, parley_bytes key, parley_bytes data,
                                 uint8_t *out);

    /* Fills out[size] from the system's random source.
     * @thread any  @need required  @life none  @null none  @since 0.1 */
    parley_status (*random)(const parley_host *host, uint8_t *out, uint64_t size);

    /* Signs data as RS256 of JSON Web Signatures does: RSASSA-PKCS1-v1_5 with SHA-256. `pem` is a
     * private key without a passphrase, PKCS#8 or PKCS#1, of 2048 bits at least. `size` says how
     * much room out has, and then how much was written: as many bytes as the key has.
     * -PARLEY_E_INVALID_ARGUMENT for what is no such key, -PARLEY_E_BUDGET when the room is too
     * small. Takes a millisecond or more.
     * @thread any  @need required  @life none  @null none  @since 0.1 */
    parley_status (*sign_rs256)(const parley_host *host, parley_str pem, parley_bytes data,
                                uint8_t *out, uint64_t *size);
} parley_host_crypto;

/* Lets a plugin assert the thread contract in its debug builds. */
#define PARLEY_HOST_THREAD_CHECK "parley.host.thread-check/1"
typedef struct parley_host_thread_check {
    uint32_t struct_size;
    uint32_t reserved0;

    /* 1 when the caller is on the control thread.
     * @thread any  @need required  @life none  @null none  @since 0.1 */
    int32_t (*is_ctl)(const parley_host *host);

    /* The execution slot of the caller, counted from 0, or -1 outside the event loops. A slot runs
     * one call at a time, so a plugin may index caches by it.
     * @thread any  @need required  @life none  @null none  @since 0.1 */
    int32_t (*loop_index)(const parley_host *host);
} parley_host_thread_check;

/* Counters and gauges for the metrics page. Define them in activate, then only change them. */
#define PARLEY_HOST_METRICS "parley.host.metrics/1"
#define PARLEY_METRIC_COUNTER 1
#define PARLEY_METRIC_GAUGE 2
typedef struct parley_host_metrics {
    uint32_t struct_size;
    uint32_t reserved0;

    /* Defines a metric "parley_plugin_<component>_<name>" and gives its handle.
     * @thread ctl  @need required  @life instance  @null none  @since 0.1 */
    parley_status (*define)(const parley_host *host, uint32_t kind, parley_str name,
                            parley_str help, uint32_t *handle);

    /* Adds to a counter, or sets a gauge.
     * @thread any  @need required  @life none  @null none  @since 0.1 */
    void (*record)(const parley_host *host, uint32_t handle, int64_t value);
} parley_host_metrics;

PARLEY_EXTERN_C_END

#endif

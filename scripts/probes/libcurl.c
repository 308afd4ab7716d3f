/* SPDX-License-Identifier: MIT */
#include <curl/curl.h>
#include <stdio.h>

/* OTLP/gRPC needs HTTP/2. */
int main(void)
{
    const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);

    return !(info->features & CURL_VERSION_HTTP2) || puts(info->version) < 0;
}

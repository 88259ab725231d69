# The program as one image; the subcommand and `--roles` say what a container of it does.

FROM rust:1.95-bookworm AS build
WORKDIR /source
COPY . .
# The caches outlive the layer, so a rebuild compiles what changed; the binary is copied out of them.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/source/target \
    cargo build --release --locked -p commerce --features tls \
    && cp target/release/commerce /usr/local/bin/commerce

FROM debian:bookworm-slim
# curl asks for health, openssl makes the development keys, zlib is what librdkafka links to.
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates curl openssl zlib1g \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --no-create-home commerce \
    # A named volume takes its owner from the folder that it is first mounted on.
    && install -d -o commerce -m 700 /keys/private \
    && install -d -o commerce -m 755 /keys/public \
    && install -d -o commerce -m 700 /var/lib/commerce
COPY --from=build /usr/local/bin/commerce /usr/local/bin/commerce
USER commerce
EXPOSE 8080 8081
ENTRYPOINT ["commerce"]
CMD ["serve"]

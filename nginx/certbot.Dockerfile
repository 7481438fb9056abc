# Gets certificates and renews them (docker-compose.https.yml). The build context is the project's root folder:
# docker build -f nginx/certbot.Dockerfile .
# Which image this is stands in docker-compose.yml; docker-compose.https.yml gives it on.
ARG DEBIAN_IMAGE=debian:12.12-slim

# Debian's certbot is the one that the tests run.
FROM ${DEBIAN_IMAGE}
RUN apt-get update \
    && apt-get install --yes --no-install-recommends certbot openssl \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin droppr \
    && install --directory --owner=droppr --group=droppr --mode=700 /tls

COPY scripts/keep-certificate /srv/droppr/scripts/keep-certificate

ENV DROPPR_TLS_DIR=/tls
USER 10001:10001

CMD ["/srv/droppr/scripts/keep-certificate"]

# rawcow as an image, from a clean clone: docker build -t rawcow .   What to run it with: docs/install.md.
ARG BUILD_IMAGE=docker.io/library/maven:3.9.16-eclipse-temurin-25
ARG RUN_IMAGE=docker.io/library/eclipse-temurin:25.0.3_9-jre-noble

FROM ${BUILD_IMAGE} AS build
WORKDIR /build
# What Maven needs stays in a layer of its own until the pom changes: the same build, of nothing.
COPY pom.xml ./
COPY .mvn .mvn
RUN mvn -B -q -Pdist -Dquick -Dmaven.test.skip=true package
COPY . .
RUN scripts/dist.sh && mv target/dist/rawcow-*/ /rawcow

# The ahead-of-time cache is good for one Java only, so that of the image makes it.
FROM ${RUN_IMAGE} AS trained
COPY --from=build /rawcow /opt/rawcow
RUN /opt/rawcow/bin/train

FROM ${RUN_IMAGE}
ARG VERSION=0.1.0-SNAPSHOT
ARG REVISION=unknown
LABEL org.opencontainers.image.title="rawcow" \
      org.opencontainers.image.description="Live block streaming for raw disk images" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
# The environment goes before the file of --config: what is set here is the chart's to set, never in that file.
# Volumes and tmpfs that are mounted there begin with owner and mode of the folder, tmpfs with its mode alone.
RUN install -d -o 10001 -g 10001 -m 0750 /data && install -d -m 1777 /run/rawcow && install -d -m 0755 /golden
COPY --from=trained /opt/rawcow /opt/rawcow
ENV LC_ALL=C.UTF-8 MALLOC_ARENA_MAX=2 RAWCOW_DATA_0=/data RAWCOW_DATARO_0=/golden RAWCOW_NBD_WORKERS=8
USER 10001:10001
WORKDIR /run/rawcow
VOLUME /data
STOPSIGNAL SIGTERM
# No shell between the signal and the service.
ENTRYPOINT ["java", "@/opt/rawcow/jvm.options", "-XX:AOTCache=/opt/rawcow/rawcow.aot", "-jar", "/opt/rawcow/rawcow.jar"]
CMD ["serve"]

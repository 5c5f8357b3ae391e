# docker build -t ghostpair .
# The binary is static and needs nothing but certificates of authorities; time zones are in it.
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 make build && mkdir /state

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /src/bin/ghostpair /usr/bin/ghostpair
COPY --from=build /src/LICENSE /src/NOTICE /usr/share/doc/ghostpair/
COPY --from=build --chown=65534:65534 /state /var/lib/ghostpair
USER 65534:65534
EXPOSE 9955
ENTRYPOINT ["/usr/bin/ghostpair"]
CMD ["serve", "--config.file=/etc/ghostpair/ghostpair.yml", "--storage.path=/var/lib/ghostpair"]

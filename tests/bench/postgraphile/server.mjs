// PostGraphile as its guide has it for production: its own preset, no GraphiQL, no explaining, nothing watched. It gets the
// connections and session settings that Guildhall has, and asks for a bearer token as everyone here does.

import { createServer } from "node:http";
import { grafserv } from "postgraphile/grafserv/node";
import { makePgService } from "postgraphile/adaptors/pg";
import { PostGraphileAmberPreset } from "postgraphile/presets/amber";
import { postgraphile } from "postgraphile";

const { DATABASE: connectionString, TOKEN: token } = process.env;
const bearer = `Bearer ${token}`;

const served = postgraphile({
  extends: [PostGraphileAmberPreset],
  pgServices: [
    makePgService({
      connectionString,
      schemas: ["public"],
      poolConfig: { max: 20, options: "-c TimeZone=UTC -c statement_timeout=20s -c jit=off" },
    }),
  ],
  grafast: { explain: false },
  grafserv: { graphqlPath: "/graphql", graphiql: false, websockets: false, watch: false },
}).createServ(grafserv);

const handle = served.createHandler();
const server = createServer((request, response) => {
  if (request.headers.authorization === bearer) {
    handle(request, response);
  } else {
    response.writeHead(401).end();
  }
});
await served.ready();
server.listen(0, "127.0.0.1", () => console.log(`serving http://127.0.0.1:${server.address().port}/`));

// @tus/server with its own file store, as its documentation starts it: node tus-server.mjs PORT FOLDER
import { FileStore } from "@tus/file-store";
import { Server } from "@tus/server";

const [port, directory] = process.argv.slice(2);
// Behind a proxy, addresses of uploads are the proxy's.
const server = new Server({ path: "/files", datastore: new FileStore({ directory }), respectForwardedHeaders: true });
server.listen({ host: "127.0.0.1", port: Number(port) });

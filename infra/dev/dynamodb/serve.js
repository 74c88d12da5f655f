// A DynamoDB on a free port of this machine, in memory or, if a directory is named, kept there. It says where, and ends with
// whoever started it: when its standard input ends, however that process died. Ctrl-C reaches it too, and is theirs to act on.
import dynalite from "dynalite";

const server = dynalite({ path: process.argv[2], createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
server.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}`));
process.on("SIGINT", () => {});
process.stdin.resume().on("end", () => process.exit(0));

// dynalite throws when a client gives up in the middle of a request, as a function does whose time is over.
process.on("uncaughtException", (err) => {
  if (err.code !== "ECONNRESET") throw err;
});

// Serves the Bot API of telegram-test-api on a free port of this machine, and says which. It ends
// when whoever started it closes its standard input, however that comes about.
"use strict";
const TelegramServer = require("telegram-test-api");

const server = new TelegramServer({ host: "127.0.0.1", storeTimeout: 3600 });
server.config.port = 0;
server.start().then(() => console.log(server.server.address().port));
process.stdin.on("end", () => process.exit(0)).resume();

// A function's start in Node: a client of AWS's SDK, where it is installed (`npm install @aws-sdk/client-dynamodb` beside this file, as in
// Lambda's own image), else the HTTPS module alone; then the first request for an event.
import http from "node:http";
import https from "node:https";

const table = process.env.CONTROL_TABLE;
let client;
try {
  const { DynamoDBClient } = await import("@aws-sdk/client-dynamodb");
  client = new DynamoDBClient({});
} catch {
  client = new https.Agent({ keepAlive: true });
}
if (!table || !client) process.exit(1);
http.get(`http://${process.env.AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime/invocation/next`, (answer) => answer.resume());

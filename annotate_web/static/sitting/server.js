// Asks the server and tells it, with the token that every change carries.

import { within } from "./within.js";

let token = document.querySelector('meta[name="csrf-token"]')?.content ?? "";

// Answers with { status, told }; rejects when no answer came.
export async function ask(address, body = undefined) {
  let answer = await once(address, body);
  // The token ends with the log-in it was given to: after another log-in there is a new one.
  if (body !== undefined && answer.status === 400) {
    const fresh = await once("/api/token");
    if (fresh.status === 200) {
      token = fresh.told.token;
      answer = await once(address, body);
    }
  }
  return answer;
}

async function once(address, body) {
  const asked = body === undefined
    ? {}
    : {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-CSRFToken": token },
        body: JSON.stringify(body),
      };
  const answer = await fetch(address, {
    ...asked,
    credentials: "same-origin",
    cache: "no-store",
    redirect: "error",
    signal: within(20_000),
  });
  const isJson = (answer.headers.get("Content-Type") ?? "").includes("json");
  return { status: answer.status, told: isJson ? await answer.json() : {} };
}

export function isLoggedOut({ status, told }) {
  return status === 401 || told.code === "not_logged_in";
}

// What SAQ's own script finds beside it: where it is mounted, and a person who says why.
const root_path = "/admin/queues/saq";
const ask = window.fetch;

window.fetch = async (path, options) => {
  const changes = options !== undefined && options.method === "post";
  if (changes && path.endsWith("/abort")) {
    const reason = window.prompt("Give this task up? Say why; it is kept on the audit log.");
    if (reason === null) throw new Error("not given up");
    options = { ...options, body: JSON.stringify({ reason }) };
  }
  const answer = await ask(path, options);
  if (changes && !answer.ok) window.alert((await answer.clone().json()).error);
  return answer;
};

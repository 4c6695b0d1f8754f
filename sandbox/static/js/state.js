// What the page knows.

const query = new URLSearchParams(location.search);

export const state = {
  me: query.get("user") || "ana",
  channel: query.get("channel") || "leads",
  threadTs: query.get("thread") || null,
  tab: "messages",
  workspace: null,
  messages: new Map(), // ts -> message of the channel on screen
  unread: new Set(), // channel ids
  views: [],
  home: null,
};

/** The person who is looking. */
export const myself = () => state.workspace.users.find((user) => user.name === state.me);

/** A user by id; Slackbot and strangers get a name too. */
export function userById(id) {
  if (id === "USLACKBOT") return { id, name: "slackbot", real_name: "Slackbot", is_bot: false, profile: {} };
  return state.workspace.users.find((user) => user.id === id) || { id, name: id, real_name: id, profile: {} };
}

/** The channel on screen. */
export const room = () => findRoom(state.channel) || state.workspace.channels[0];

/** A channel of this person by id or name; `dm` is their talk with the app. */
export function findRoom(wanted) {
  return state.workspace.channels.find(
    (channel) => channel.id === wanted || channel.name === wanted || (wanted === "dm" && channel.kind === "im"),
  );
}

/** Messages of the channel in order, of one thread or those that stand in the channel itself. */
export function shown(threadTs = null) {
  const all = [...state.messages.values()].sort((a, b) => (a.ts < b.ts ? -1 : 1));
  const rootOf = (message) => message.thread_ts || message.ts;
  if (threadTs) return all.filter((message) => rootOf(message) === threadTs);
  return all.filter((message) => rootOf(message) === message.ts || message.broadcast);
}

/** Keep the address in step, so that it can be shared and reloaded. */
export function remember() {
  const wanted = new URLSearchParams({ user: state.me, channel: room().kind === "im" ? "dm" : room().name });
  if (state.threadTs) wanted.set("thread", state.threadTs);
  history.replaceState(null, "", `?${wanted}`);
}

// What the person has filled in, kept while cards and modals are drawn anew.

const kept = new Map(); // message ts or view id -> Map("block/action" -> value)

const ONE = (state) => state?.selected_option?.value ?? null;
const MANY = (state) => (state?.selected_options || []).map((option) => option.value);
const plain = (field) => (state) => state?.[field] ?? null;
const list = (field) => (state) => state?.[field] || [];

// How Slack's state of each element becomes a simple value.
const SIMPLE = {
  static_select: ONE, external_select: ONE, radio_buttons: ONE,
  checkboxes: MANY, multi_static_select: MANY, multi_external_select: MANY,
  users_select: plain("selected_user"), conversations_select: plain("selected_conversation"), channels_select: plain("selected_channel"),
  multi_users_select: list("selected_users"), multi_conversations_select: list("selected_conversations"), multi_channels_select: list("selected_channels"),
  datepicker: plain("selected_date"), timepicker: plain("selected_time"), datetimepicker: plain("selected_date_time"),
  plain_text_input: plain("value"), email_text_input: plain("value"), url_text_input: plain("value"), number_input: plain("value"),
  rich_text_input: plain("rich_text_value"),
  file_input: (state) => (state?.files || []).map((file) => file.id),
};

const INITIAL = {
  selected_option: "initial_option", selected_options: "initial_options", value: "initial_value",
  selected_user: "initial_user", selected_users: "initial_users", selected_channel: "initial_channel", selected_channels: "initial_channels",
  selected_conversation: "initial_conversation", selected_conversations: "initial_conversations",
  selected_date: "initial_date", selected_time: "initial_time", selected_date_time: "initial_date_time",
};

function first(element) {
  const state = Object.fromEntries(Object.entries(INITIAL).map(([field, initial]) => [field, element[initial]]));
  return SIMPLE[element.type]?.(state) ?? null;
}

/** The values of one message or view. `known` is `state.values` where the server told it. */
export function valuesOf(place, known = {}) {
  if (!kept.has(place)) kept.set(place, new Map());
  const own = kept.get(place);
  return {
    get(block, element) {
      const key = `${block.block_id}/${element.action_id}`;
      if (own.has(key)) return own.get(key);
      const state = known[block.block_id]?.[element.action_id];
      return state ? SIMPLE[element.type]?.(state) ?? null : first(element);
    },
    set(block, element, value) {
      own.set(`${block.block_id}/${element.action_id}`, value);
    },
    /** {block_id: {action_id: value}} of what the blocks hold now and the person has touched. */
    filled(blocks) {
      const all = {};
      for (const [block, element] of elementsOf(blocks)) {
        const key = `${block.block_id}/${element.action_id}`;
        if (own.has(key)) (all[block.block_id] ||= {})[element.action_id] = own.get(key);
      }
      return all;
    },
  };
}

/** Every element that holds a value, with its block. */
export function elementsOf(blocks) {
  return blocks.flatMap((block) => {
    const parts = [block.accessory, block.element, ...(block.type === "actions" ? block.elements : [])];
    const own = parts.filter((part) => part && SIMPLE[part.type]).map((part) => [block, part]);
    return [...own, ...elementsOf(block.child_blocks || [])];
  });
}

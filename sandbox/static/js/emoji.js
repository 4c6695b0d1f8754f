// Emoji shortcodes that apps use most.

const TABLE = `white_check_mark ✅|heavy_check_mark ✔️|x ❌|warning ⚠️|rotating_light 🚨|tada 🎉|sparkles ✨|rocket 🚀
hourglass ⌛|hourglass_flowing_sand ⏳|stopwatch ⏱️|clock1 🕐|alarm_clock ⏰|bulb 💡|memo 📝|pencil ✏️|pencil2 ✏️
page_facing_up 📄|page_with_curl 📃|file_folder 📁|open_file_folder 📂|card_index 📇|card_index_dividers 🗂️|clipboard 📋
bar_chart 📊|chart_with_upwards_trend 📈|chart_with_downwards_trend 📉|inbox_tray 📥|outbox_tray 📤|package 📦
mag 🔍|mag_right 🔎|gear ⚙️|wrench 🔧|hammer_and_wrench 🛠️|lock 🔒|unlock 🔓|key 🔑|link 🔗|paperclip 📎|pushpin 📌
bell 🔔|no_bell 🔕|email 📧|envelope ✉️|e-mail 📧|phone ☎️|telephone_receiver 📞|iphone 📱|globe_with_meridians 🌐
bust_in_silhouette 👤|busts_in_silhouette 👥|wave 👋|thumbsup 👍|+1 👍|thumbsdown 👎|-1 👎|clap 👏|pray 🙏|eyes 👀|raised_hands 🙌
point_right 👉|point_down 👇|point_up ☝️|smile 😄|grinning 😀|thinking_face 🤔|sweat_smile 😅|cry 😢|robot_face 🤖|fire 🔥
heart ❤️|star ⭐|boom 💥|zap ⚡|construction 🚧|no_entry ⛔|no_entry_sign 🚫|stop_sign 🛑|octagonal_sign 🛑|question ❓|exclamation ❗
information_source ℹ️|arrow_right ➡️|arrow_left ⬅️|arrow_up ⬆️|arrow_down ⬇️|arrow_forward ▶️|arrows_counterclockwise 🔄|repeat 🔁|rewind ⏪|leftwards_arrow_with_hook ↩️
red_circle 🔴|large_yellow_circle 🟡|large_green_circle 🟢|large_blue_circle 🔵|large_orange_circle 🟠|white_circle ⚪|black_circle ⚫
large_green_square 🟩|large_red_square 🟥|large_yellow_square 🟨|large_blue_square 🟦|white_large_square ⬜|black_large_square ⬛
heavy_plus_sign ➕|heavy_minus_sign ➖|new 🆕|ok 🆗|id 🆔|label 🏷️|date 📅|calendar 📆|wastebasket 🗑️|recycle ♻️|broom 🧹|test_tube 🧪
double_vertical_bar ⏸️|black_square_for_stop ⏹️|fast_forward ⏩|ballot_box_with_check ☑️|speech_balloon 💬|loudspeaker 📢|us 🇺🇸|gb 🇬🇧|de 🇩🇪|fr 🇫🇷`;

const EMOJI = new Map(TABLE.split(/[|\n]/).map((pair) => pair.split(" ")));

/** The sign for a shortcode without colons, or the shortcode itself where it is unknown. */
export const emoji = (name) => EMOJI.get(name) || `:${name}:`;

/** Whether a shortcode is known. */
export const isEmoji = (name) => EMOJI.has(name);

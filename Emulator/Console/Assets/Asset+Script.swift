extension Asset {
    /// What pages need beyond HTML: live parts, parts that come later, replay, SQL. Text goes into elements as text, never as markup
    /// of ours; only pages of this console are parsed.
    static let script = Asset(
        name: "console.js", type: "text/javascript; charset=utf-8",
        text: #"""
            "use strict";
            (() => {
            const api = "/console/api/";
            const $ = (selector, root = document) => root.querySelector(selector);
            const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
            const element = (name, text, className) => {
              const made = document.createElement(name);
              if (text !== undefined) made.textContent = text;
              if (className) made.className = className;
              return made;
            };
            const say = text => { const place = $("#said"); place.textContent = text; clearTimeout(say.timer); say.timer = setTimeout(() => place.textContent = "", 8000); };

            const isNumber = type => /^(tinyint|smallint|integer|bigint|float|double|decimal|real)/.test(type);

            const get = async path => {
              const answer = await fetch(path, {headers: {Accept: "application/json"}});
              const document = await answer.json();
              if (!answer.ok) throw new Error(document.error || answer.statusText);
              return document;
            };
            let session;
            const post = async (path, body) => {
              session = session || await get(api + "session");
              const answer = await fetch(path, {method: "POST", body: body === undefined ? undefined : JSON.stringify(body),
                headers: {"Content-Type": "application/json", "X-Cupel-Token": session.token}});
              const document = await answer.json();
              if (answer.status === 403) session = undefined;
              if (!answer.ok) throw new Error(document.error || answer.statusText);
              return document;
            };

            // Times beside what the server wrote: how long ago.
            const ago = seconds => seconds < 5 ? "now" : seconds < 90 ? Math.round(seconds) + " s ago" : seconds < 5400 ? Math.round(seconds / 60) + " min ago"
              : seconds < 129600 ? Math.round(seconds / 3600) + " h ago" : Math.round(seconds / 86400) + " days ago";
            const times = root => { for (const time of $$("time", root)) {
              const at = Date.parse(time.dateTime);
              if (isNaN(at)) continue;
              time.title = new Date(at).toISOString();
              time.textContent = ago((Date.now() - at) / 1000);
            } };

            // Rows of a query as a table; titles have the columns' types.
            const tableOf = answer => {
              const table = element("table"), head = element("tr"), body = element("tbody");
              for (const column of answer.columns) { const title = element("th", column.name, isNumber(column.type) ? "number" : ""); title.scope = "col"; title.title = column.type; head.append(title); }
              for (const row of answer.rows) { const line = element("tr"); row.forEach((value, place) => line.append(value === null ? element("td", "null", "none") : element("td", value, isNumber(answer.columns[place].type) ? "number" : ""))); body.append(line); }
              const top = element("thead"); top.append(head); table.append(top, body);
              const box = element("div", undefined, "scroll"); box.tabIndex = 0; box.setAttribute("role", "region"); box.setAttribute("aria-label", "Rows"); box.append(table);
              return {box, head, body};
            };

            // Parts that come after the page: a log as lines, or rows of a query.
            const fill = async place => {
              if (place.dataset.filled) return;
              place.dataset.filled = "yes";
              try {
                if (place.dataset.sql) { place.replaceChildren(tableOf(await post(api + "query", {sql: place.dataset.sql})).box); return; }
                const log = await get(place.dataset.from);
                const lines = (log.events || []).map(event => event.message).join("\n");
                const text = element("pre", lines || "The log has no line of this step.", "log");
                text.tabIndex = 0;
                place.replaceChildren(text);
                text.scrollTop = text.scrollHeight;
              } catch (error) { place.replaceChildren(element("p", error.message, "quiet")); }
            };
            const later = root => { for (const place of $$(".later", root)) {
              const fold = place.closest("details");
              if (!fold || fold.open) fill(place); else fold.addEventListener("toggle", () => { if (fold.open) fill(place); }, {once: true});
            } };

            // Live parts: when the pipeline's counts change, the page is read again and its live parts replaced.
            let refreshing = false, again = false;
            const refresh = async () => {
              const parts = $$("[data-live]");
              if (!parts.length || document.hidden) return;
              if (refreshing) { again = true; return; }
              refreshing = true;
              try {
                const answer = await fetch(location.href);
                if (answer.ok) {
                  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
                  for (const part of parts) {
                    const fresh = page.querySelector(`[data-live="${part.dataset.live}"]`);
                    // What the user works on stays as it is.
                    const active = part.contains(document.activeElement) ? document.activeElement : null;
                    const isUsed = active && !active.matches("a[href], .scroll") || $("details[open] .later", part) || "searching" in part.dataset || $("input:checked", part) || $(".visit[open]", part);
                    if (fresh && !isUsed && fresh.innerHTML !== part.dataset.was) {
                      part.dataset.was = fresh.innerHTML;
                      const places = $$(".scroll", part).map(box => [box.scrollLeft, box.scrollTop]), focused = $$("a[href], .scroll", part).indexOf(active);
                      const address = active?.getAttribute("href");
                      part.replaceChildren(...fresh.childNodes);
                      for (const name of ["counting", "running"]) if (!(name in fresh.dataset)) delete part.dataset[name];
                      part.ariaBusy = fresh.ariaBusy;
                      prepare(part);
                      $$(".scroll", part).forEach((box, place) => { if (places[place]) [box.scrollLeft, box.scrollTop] = places[place]; });
                      // The focus stays on the link that it was on.
                      const links = $$("a[href], .scroll", part);
                      if (active) (address && links.find(link => link.getAttribute("href") === address) || links[focused])?.focus({preventScroll: true});
                    }
                  }
                }
              } catch { /* The next change tries again. */ }
              refreshing = false;
              if (again) { again = false; setTimeout(refresh, 500); }
            };
            const live = () => {
              const mark = $("#live");
              let events, first = true;
              // A browser has six connections to a host: a page that nobody looks at keeps none of them.
              const listen = () => {
                events = new EventSource(api + "events");
                events.addEventListener("flow", () => {
                  mark.textContent = "live"; mark.className = "live on";
                  // The first event has what the page has, unless that was shown before it was counted.
                  if (!first || $("[data-counting]")) refresh();
                  first = false;
                });
                events.onerror = () => { mark.textContent = "no connection"; mark.className = "live off"; };
              };
              if (!document.hidden) listen();
              addEventListener("visibilitychange", () => { events?.close(); if (!document.hidden) listen(); });
              addEventListener("pagehide", () => events?.close());
              addEventListener("pageshow", event => { if (event.persisted) { events?.close(); listen(); } });
            };

            // Replay: first what it would do, then on a second press what it does.
            const replay = root => { for (const bar of $$("[data-replay]", root)) {
              const scope = bar.parentElement, button = $("[data-do]", bar), outcome = $(".outcome", bar);
              const chosen = () => $$("input[name=id]", scope).filter(input => input.type === "hidden" || input.checked).map(input => input.value);
              const update = () => { button.disabled = chosen().length === 0; outcome.replaceChildren(); };
              scope.addEventListener("change", update);
              $("[data-select=all]", bar)?.addEventListener("click", () => {
                const boxes = $$("input[name=id][type=checkbox]", scope), all = boxes.every(box => box.checked);
                for (const box of boxes) box.checked = !all;
                update();
              });
              const run = async (what, isDry) => {
                button.disabled = true;
                try {
                  const answer = await post(api + "replay", {...what, dry_run: isDry, force: $("[data-force]", bar).checked});
                  const count = answer.replayed_count;
                  const list = element("ul");
                  for (const record of answer.records.slice(0, 20)) list.append(element("li", `${record.object_key.split("/").pop() || record.control_id}: ${record.outcome}`));
                  if (answer.record_count > 20) list.append(element("li", `and ${answer.record_count - 20} others`));
                  const parts = [element("p", isDry ? `${count} of ${answer.record_count} would be replayed.` : `${count} of ${answer.record_count} are replayed.`), list];
                  if (answer.truncated) parts.push(element("p", "The filter finds more: these are the first.", "quiet"));
                  if (isDry && count) {
                    const go = element("button", `Replay ${count} now`, "main");
                    go.type = "button";
                    go.addEventListener("click", () => run(what, false));
                    parts.push(go);
                  }
                  outcome.replaceChildren(...parts);
                  if (isDry) $("button", outcome)?.focus(); else follow(outcome, answer.records.filter(record => record.replayed).map(record => record.control_id)).then(() => {
                    for (const box of $$("input[name=id][type=checkbox]", scope)) box.checked = false;
                    button.disabled = chosen().length === 0;
                    refresh();
                  }).catch(() => {});
                } catch (error) { outcome.replaceChildren(element("p", error.message, "problem")); }
                button.disabled = chosen().length === 0;
              };
              button.addEventListener("click", () => run({ids: chosen()}, true));
              const all = $("[data-all]", bar);
              all?.addEventListener("click", () => run(JSON.parse(all.dataset.all), true));
            } };
            // A search among very many records: each request looks at some of them, and the page asks on until it is full.
            const search = root => { for (const place of $$("[data-search]", root)) searchOn(place).catch(error => say(error.message)); };
            const searchOn = async place => {
              const part = place.closest("[data-live]"), full = Number(place.dataset.search), link = $("a", place), stop = element("button", "Stop");
              let isStopped = false;
              stop.type = "button";
              stop.addEventListener("click", () => { isStopped = true; });
              part.dataset.searching = "";
              link.before(stop);
              link.hidden = true;
              try {
                while (!isStopped && place.isConnected && $$("tbody tr", part).length < full) {
                  const answer = await fetch(link.href);
                  const page = new DOMParser().parseFromString(await answer.text(), "text/html"), found = $("[data-live=files]", page);
                  if (!found) throw new Error($(".problem", page)?.textContent || answer.statusText);
                  const rows = $$("tbody tr", found), body = $("tbody", part), more = $(".more", found), next = more && $("a", more);
                  times(found);
                  if (body) body.append(...rows); else $(".empty", part)?.replaceWith(rows.length ? $(".scroll", found) : $(".empty", found));
                  // A page that is full by itself does not say how far the search is.
                  if (more && more.childElementCount > 1 || !next) $("p", place).textContent = more && $("p", more).textContent;
                  if (!next) { link.remove(); say("All records are searched."); break; }
                  link.href = next.href;
                }
              } finally {
                stop.remove();
                link.hidden = false;
              }
            };
            // How far replayed records are, until each has ended.
            const follow = async (outcome, ids) => {
              const left = new Set(ids), failed = [];
              const bar = element("progress"), text = element("p");
              bar.max = ids.length; bar.setAttribute("aria-label", "Replayed files that have ended");
              outcome.append(bar, text);
              while (left.size && outcome.isConnected && bar.isConnected) {
                const answer = await post(api + "progress", {ids: [...left].slice(0, 100)});
                for (const record of answer.records) {
                  if (record.status !== "pending" && record.status !== "running") left.delete(record.control_id);
                  if (record.status === "error") failed.push(record);
                }
                bar.value = ids.length - left.size;
                text.textContent = `${ids.length - left.size} of ${ids.length} have ended, ${failed.length} of them failed.`;
                if (left.size) await new Promise(wake => setTimeout(wake, 1000));
              }
            };
            // Executions: run again, and run now. The page of what was started says how it goes.
            const runs = root => { for (const button of $$("[data-post]", root)) button.addEventListener("click", async () => {
              button.disabled = true;
              try {
                const answer = await post(button.dataset.post, button.dataset.machine ? {machine: button.dataset.machine} : undefined);
                location.href = "/console/executions/" + encodeURIComponent(answer.execution_arn);
              } catch (error) { $(".outcome", button.parentElement).replaceChildren(element("p", error.message, "problem")); button.disabled = false; }
            }); };

            // SQL: rows as a table, a chart of the first text and the first number, and files to keep.
            const chart = (columns, rows) => {
              const value = columns.findIndex(column => isNumber(column.type) && !/(^|_)id$/.test(column.name));
              const texts = columns.map((column, place) => place).filter(place => !isNumber(columns[place].type)), names = texts.length ? texts : [0];
              if (value < 0 || names.includes(value) || rows.length < 2) return null;
              const name = row => names.map(place => row[place] ?? "null").join(", ");
              const shown = rows.slice(0, 24), most = Math.max(...shown.map(row => Math.abs(Number(row[value]) || 0))) || 1;
              const space = "http://www.w3.org/2000/svg";
              const make = (tag, attributes, text) => { const made = document.createElementNS(space, tag); for (const [key, at] of Object.entries(attributes)) made.setAttribute(key, at); if (text !== undefined) made.textContent = text; return made; };
              const picture = make("svg", {width: 760, height: shown.length * 24 + 8, viewBox: `0 0 760 ${shown.length * 24 + 8}`, role: "img", "aria-label": `${columns[value].name} by ${names.map(place => columns[place].name).join(", ")}`});
              shown.forEach((row, place) => {
                const group = make("g", {class: "node"});
                group.append(make("text", {class: "name", x: 0, y: place * 24 + 18}, name(row).slice(0, 30)));
                const bar = make("rect", {class: "bar", x: 210, y: place * 24 + 6, width: Math.max(1, Math.abs(Number(row[value]) || 0) / most * 440), height: 14, rx: 2});
                group.append(bar, make("text", {class: "took", x: 216 + Math.abs(Number(row[value]) || 0) / most * 440, y: place * 24 + 18}, row[value] ?? "null"));
                picture.append(group);
              });
              const box = element("div", undefined, "scroll graph");
              box.tabIndex = 0; box.setAttribute("role", "region"); box.setAttribute("aria-label", "Chart");
              box.append(picture);
              return box;
            };
            // From a row to the rows that it was made of: by the columns that came over as they were, or by the key.
            const origins = async (statement, columns) => {
              const found = /\bfrom\s+(bronze|silver|gold)\.(\w+)\b/i.exec(statement);
              if (!found || /\bjoin\b/i.test(statement)) return null;
              const [layer, name] = [found[1].toLowerCase(), found[2].toLowerCase()];
              const tables = (await get(api + "lineage")).tables, lineage = tables.find(table => table.table === `dm_${layer === "bronze" ? "silver" : layer}.${name}`);
              if (!lineage) return null;
              if (layer === "bronze") {
                // From a row of bronze to the line of the raw file, by its key.
                const key = (lineage.key || []).map(name => columns.findIndex(column => column.name === name)).find(place => place >= 0);
                return key === undefined ? null : row => {
                  if (row[key] === null) return [];
                  const link = element("a", "raw lines");
                  link.href = "/console/lines?table=" + encodeURIComponent(name) + "&text=" + encodeURIComponent(row[key]);
                  link.title = "The lines of raw files that have this row's key";
                  return [link];
                };
              }
              const literal = (type, value) => /^(tinyint|smallint|integer|bigint|decimal)/.test(type) ? value
                : /^(varchar|char|string)/.test(type) ? `'${value.replaceAll("'", "''")}'` : type === "date" ? `DATE '${value}'` : null;
              const sources = new Map();
              columns.forEach((column, place) => {
                const from = lineage.columns[column.name] || [];
                if (from.length !== 1 || from[0].kind !== "IDENTITY" || lineage.key && !lineage.key.includes(column.name)) return;
                const table = from[0].table.replace(/^dm_/, "");
                sources.set(table, [...sources.get(table) || [], {place, type: column.type, name: from[0].column}]);
              });
              const links = row => [...sources].flatMap(([table, parts]) => {
                const terms = keys => parts.filter(part => !keys || keys.includes(part.name)).filter(part => row[part.place] !== null && literal(part.type, row[part.place]) !== null).map(part => `"${part.name}" = ${literal(part.type, row[part.place])}`);
                // A model of silver is made of tables that have the rows of bronze: their key says which.
                const key = layer === "silver" && table.startsWith("silver.") ? tables.find(other => other.table === "dm_" + table)?.key : undefined;
                return [[table, terms()], ...key ? [[table.replace("silver.", "bronze."), terms(key)]] : []].flatMap(([from, terms]) => {
                  if (!terms.length) return [];
                  const link = element("a", from);
                  link.href = "/console/sql?q=" + encodeURIComponent(`SELECT * FROM ${from} WHERE ${terms.join(" AND ")} LIMIT 100`);
                  link.title = "The rows of " + from + " that this one was made of";
                  return [link, " "];
                });
              });
              return sources.size ? links : null;
            };
            const quoted = text => text === null ? "" : /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
            const keep = (name, type, text) => {
              const link = element("a", `Keep as ${name}`);
              link.href = URL.createObjectURL(new Blob([text], {type}));
              link.download = name;
              return link;
            };
            const saved = () => { try { return JSON.parse(localStorage.getItem("cupel.queries") || "[]"); } catch { return []; } };
            const sql = () => {
              const form = $("#sql");
              if (!form) return;
              const text = $("textarea", form), result = $("#result"), list = $("#saved");
              const show = () => {
                if (!saved().length) { list.replaceChildren(element("li", "None yet: “Save the statement” keeps one.", "quiet")); return; }
                list.replaceChildren(...saved().map(query => {
                  const item = element("li"), link = element("a", query.length > 90 ? query.slice(0, 89) + "…" : query);
                  link.href = "/console/sql?q=" + encodeURIComponent(query);
                  const remove = element("button", "Forget");
                  remove.type = "button";
                  remove.addEventListener("click", () => { localStorage.setItem("cupel.queries", JSON.stringify(saved().filter(other => other !== query))); show(); });
                  item.append(link, " ", remove);
                  return item;
                }));
              };
              show();
              const run = async () => {
                const statement = text.value.trim();
                if (!statement) { result.replaceChildren(element("p", "Write a statement first.", "quiet")); return; }
                history.replaceState(null, "", "/console/sql?q=" + encodeURIComponent(statement));
                result.replaceChildren(element("p", "Asking…", "quiet"));
                try {
                  const answer = await post(api + "query", {sql: statement});
                  const {box, head, body} = tableOf(answer);
                  const facts = element("p", `${answer.truncated ? "the first " : ""}${answer.rows.length} row${answer.rows.length === 1 ? "" : "s"}, ${answer.scanned_bytes} bytes scanned, ${answer.milliseconds} ms `, "quiet");
                  const csv = [answer.columns.map(column => column.name), ...answer.rows].map(row => row.map(quoted).join(",")).join("\r\n");
                  facts.append(keep("rows.csv", "text/csv", csv + "\r\n"));
                  const parquet = element("button", "Keep as rows.parquet");
                  parquet.type = "button";
                  parquet.addEventListener("click", async () => {
                    try {
                      const file = await post(api + "query", {sql: statement, parquet: true});
                      const link = keep("rows.parquet", "application/vnd.apache.parquet", Uint8Array.from(atob(file.parquet), letter => letter.charCodeAt(0)));
                      link.click();
                      say(`rows.parquet has ${file.row_count} rows.`);
                    } catch (error) { say(error.message); }
                  });
                  facts.append(" ", parquet);
                  result.replaceChildren(facts, box);
                  origins(statement, answer.columns).then(links => {
                    if (!links) return;
                    const title = element("th", "Made of"); title.scope = "col"; head.append(title);
                    [...body.rows].forEach((line, place) => { const cell = element("td"); cell.append(...links(answer.rows[place])); line.append(cell); });
                  }).catch(() => {});
                  const picture = chart(answer.columns, answer.rows);
                  if (picture) { result.append(element("h2", "Chart"), picture); }
                } catch (error) { result.replaceChildren(element("pre", error.message, "problem")); }
              };
              form.addEventListener("submit", event => { event.preventDefault(); run(); });
              text.addEventListener("keydown", event => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); run(); } });
              $("#keep").addEventListener("click", () => { const statement = text.value.trim(); if (statement) { localStorage.setItem("cupel.queries", JSON.stringify([statement, ...saved().filter(other => other !== statement)].slice(0, 50))); show(); } });
              if (text.value.trim() && new URLSearchParams(location.search).has("q")) run();
            };

            // The workbench: what a changed contract says of rows in quarantine.
            const workbench = () => {
              const form = $("#workbench");
              if (!form) return;
              const outcome = $("#tried"), publish = $("#publish"), text = $("textarea", form);
              let tried;
              text.addEventListener("input", () => { if (publish) publish.disabled = true; });
              form.addEventListener("submit", async event => {
                event.preventDefault();
                outcome.replaceChildren(element("p", "Trying…", "quiet"));
                if (publish) publish.disabled = true;
                try {
                  const answer = tried = await post(api + "quarantine/try", {contract: text.value, quarantine_key: form.dataset.key});
                  if (publish) publish.disabled = answer.accepted === 0;
                  const parts = [element("p", `${answer.accepted} of ${answer.examined} rows would be accepted now.`)];
                  const list = element("ul");
                  for (const row of (answer.refused || []).slice(0, 20)) list.append(element("li", `line ${row.line}: ${row.message}`));
                  outcome.replaceChildren(...parts, list);
                } catch (error) { outcome.replaceChildren(element("pre", error.message, "problem")); }
              });
              publish?.addEventListener("click", async () => {
                publish.disabled = true;
                outcome.replaceChildren(element("p", "Putting it in force…", "quiet"));
                try {
                  const contract = await post(api + "contracts", {contract: text.value});
                  const state = element("p", `The contract ${contract.version} of ${contract.table} is in force: ${contract.outcome}.`);
                  outcome.replaceChildren(state);
                  const answer = await post(api + "replay", {ids: [tried.control_id], force: true});
                  outcome.append(element("p", `The file: ${answer.records[0].outcome}.`));
                  if (answer.replayed_count) await follow(outcome, [tried.control_id]);
                  const link = element("a", "What became of the file");
                  link.href = "/console/files/" + encodeURIComponent(tried.control_id);
                  outcome.append(link);
                } catch (error) { outcome.append(element("pre", error.message, "problem")); }
              });
            };

            // Keys: g and the first letter of a page, / for the filter.
            const keys = () => {
              let isGoing = false;
              addEventListener("keydown", event => {
                if (event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)) return;
                if (event.key === "/") { const field = $(".filter input"); if (field) { event.preventDefault(); field.focus(); } return; }
                if (isGoing) { isGoing = false; 
                  // Two pages may begin alike: the key goes from one to the next.
                  const links = $$("nav a"), here = links.findIndex(link => link.ariaCurrent), fits = link => link.textContent.toLowerCase().startsWith(event.key.toLowerCase());
                  const link = links.slice(here + 1).find(fits) || links.find(fits);
                  if (link) link.click();
                  return;
                }
                isGoing = event.key === "g";
              });
            };
            const open = () => { const place = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1))); if (place && place.tagName === "DETAILS") place.open = true; };
            const prepare = root => { times(root); later(root); replay(root); runs(root); search(root); };
            // On a narrow screen the navigation is wider than the page.
            $("nav a[aria-current]")?.scrollIntoView({block: "nearest", inline: "center"});
            prepare(document); sql(); workbench(); keys(); live(); open();
            addEventListener("hashchange", open);
            setInterval(() => times(document), 10000);
            // What runs may change no count, so that no event comes of it.
            setInterval(() => { if ($("[data-running]")) refresh(); }, 2000);
            })();

            """#)
}

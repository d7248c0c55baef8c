extension Asset {
    static let style = Asset(
        name: "console.css", type: "text/css; charset=utf-8",
        text: #"""
            :root {
              color-scheme: light dark;
              --page: #fbfaf8; --card: #ffffff; --line: #e4e0d9; --text: #23211d; --quiet: #6b665d;
              --link: #8a4b08; --focus: #b8660f; --good: #1d6b3c; --good-back: #e3f2e8; --bad: #a3211b; --bad-back: #fbe7e5;
              --busy: #1b5a96; --busy-back: #e4eef8; --odd: #7d5700; --odd-back: #faf0d4; --calm-back: #efece6;
              --gold: #c8963c;
            }
            @media (prefers-color-scheme: dark) {
              :root {
                --page: #161513; --card: #1e1d1a; --line: #37342f; --text: #ece8e1; --quiet: #a39d92;
                --link: #e6b06a; --focus: #e6b06a; --good: #7fd19d; --good-back: #16301f; --bad: #f29b94; --bad-back: #3a1a18;
                --busy: #8fc1f0; --busy-back: #172a3d; --odd: #e9c46a; --odd-back: #35290d; --calm-back: #2b2925;
                --gold: #d9a950;
              }
            }
            * { box-sizing: border-box; }
            html { font: 15px/1.5 system-ui, -apple-system, "Segoe UI", "Noto Sans", sans-serif; background: var(--page); color: var(--text); }
            body { margin: 0; }
            a { color: var(--link); text-underline-offset: 4px; text-decoration-thickness: 1px; }
            a:hover { text-decoration-thickness: 2px; }
            :focus-visible { outline: 2px solid var(--focus); outline-offset: 2px; border-radius: 3px; }
            main:focus { outline: none; }
            .skip { position: absolute; left: -999px; }
            .skip:focus { left: 8px; top: 8px; background: var(--card); padding: 6px 10px; z-index: 2; }
            .top { display: flex; flex-wrap: wrap; gap: 4px 20px; align-items: center; padding: 10px 24px; border-bottom: 1px solid var(--line); background: var(--card); }
            .brand { display: inline-flex; gap: 8px; align-items: center; font-weight: 650; letter-spacing: .01em; color: var(--text); text-decoration: none; }
            nav { flex: 1 1 auto; min-width: 0; overflow-x: auto; }
            nav ul { display: flex; gap: 2px; margin: 0; padding: 0; list-style: none; }
            nav a { display: block; padding: 5px 10px; border-radius: 6px; color: var(--quiet); text-decoration: none; white-space: nowrap; }
            nav a:hover { color: var(--text); background: var(--calm-back); }
            nav a[aria-current] { color: var(--text); background: var(--calm-back); font-weight: 600; }
            .where { margin: 0; color: var(--quiet); font-size: 13px; white-space: nowrap; }
            .live::before { content: ""; display: inline-block; width: 8px; height: 8px; border-radius: 50%; margin: 0 5px 0 8px; background: var(--quiet); }
            .live.on::before { background: var(--good); }
            .live.off::before { background: var(--bad); }
            .badge { border: 1px solid var(--line); border-radius: 10px; padding: 1px 8px; margin-right: 8px; }
            main { max-width: 1280px; margin: 0 auto; padding: 20px 24px 64px; }
            h1 { font-size: 22px; font-weight: 650; margin: 4px 0 14px; overflow-wrap: anywhere; }
            h2 { font-size: 16px; font-weight: 650; margin: 30px 0 10px; }
            h3 { font-size: 15px; font-weight: 600; margin: 0; }
            h3.part { margin: 18px 0 8px; }
            .card { border: 1px solid var(--line); border-radius: 8px; background: var(--card); padding: 8px 14px 12px; margin: 0 0 10px; }
            h4 { font-size: 13px; font-weight: 600; margin: 12px 0 4px; color: var(--quiet); }
            p { margin: 6px 0 10px; }
            .lead { color: var(--quiet); overflow-wrap: anywhere; }
            .quiet, .none { color: var(--quiet); }
            .mono, code, pre, textarea { font-family: ui-monospace, "SF Mono", "Cascadia Mono", "Liberation Mono", monospace; font-size: 13px; }
            p.mono { overflow-wrap: anywhere; }
            td > .mono, .day { white-space: nowrap; }
            pre { background: var(--card); border: 1px solid var(--line); border-radius: 6px; padding: 10px 12px; margin: 4px 0 10px; overflow: auto; max-height: 420px; white-space: pre-wrap; overflow-wrap: anywhere; }
            .raw { white-space: pre-wrap; overflow-wrap: anywhere; display: inline-block; min-width: 240px; max-width: 520px; }
            .state { display: inline-block; padding: 0 8px; border-radius: 10px; font-size: 12.5px; font-weight: 600; line-height: 20px; white-space: nowrap; background: var(--calm-back); color: var(--quiet); }
            .state.good { background: var(--good-back); color: var(--good); }
            .state.bad { background: var(--bad-back); color: var(--bad); }
            .state.busy { background: var(--busy-back); color: var(--busy); }
            .state.odd { background: var(--odd-back); color: var(--odd); }
            main li { padding-block: 3px; }
            td ul, ul.plain { list-style: none; margin: 0; padding: 0; }
            ul.chips { display: flex; flex-wrap: wrap; gap: 6px 16px; }
            .chips a[aria-current] { font-weight: 650; color: var(--text); }
            .warn { color: var(--odd); }
            .scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: 8px; background: var(--card); }
            table { border-collapse: collapse; width: 100%; font-size: 14px; }
            th { text-align: left; font-size: 12.5px; font-weight: 600; color: var(--quiet); white-space: nowrap; }
            th, td { padding: 7px 12px; border-bottom: 1px solid var(--line); vertical-align: top; }
            tbody tr:last-child td { border-bottom: 0; }
            tbody tr:hover { background: color-mix(in srgb, var(--calm-back) 45%, transparent); }
            .number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
            time { white-space: nowrap; font-variant-numeric: tabular-nums; }
            .note { display: block; min-width: 180px; max-width: 520px; color: var(--quiet); font-size: 13px; overflow-wrap: anywhere; }
            .filter { display: flex; flex-wrap: wrap; gap: 8px 14px; align-items: end; margin: 0 0 16px; }
            label { display: grid; gap: 2px; font-size: 12.5px; color: var(--quiet); }
            label.inline { display: inline-flex; align-items: center; gap: 6px; }
            input:not([type=checkbox]), select, textarea, button { font: inherit; color: var(--text); background: var(--card); border: 1px solid var(--line); border-radius: 6px; padding: 5px 9px; min-height: 34px; }
            .filter input { width: 150px; }
            textarea { width: 100%; min-height: 120px; font: 13px/1.5 ui-monospace, "SF Mono", "Cascadia Mono", "Liberation Mono", monospace; resize: vertical; margin-bottom: 8px; }
            input::placeholder { color: var(--quiet); opacity: 1; }
            button { cursor: pointer; font-weight: 550; }
            button:hover:not(:disabled) { border-color: var(--quiet); }
            button:disabled { color: var(--quiet); cursor: default; }
            button.main { background: var(--text); color: var(--page); border-color: var(--text); }
            .actions { display: flex; flex-wrap: wrap; gap: 8px 14px; align-items: center; margin: 0 0 12px; }
            .outcome { flex: 1 0 100%; }
            .outcome:empty { display: none; }
            .problem { border: 1px solid var(--bad); background: var(--bad-back); border-radius: 8px; padding: 10px 14px; margin: 10px 0 16px; overflow-wrap: anywhere; }
            .problem h2 { margin: 0 0 2px; color: var(--bad); font-size: 15px; }
            .problem p { margin: 2px 0; white-space: pre-wrap; }
            .empty { border: 1px dashed var(--line); border-radius: 8px; padding: 24px; color: var(--quiet); }
            .empty p { max-width: 640px; }
            .facts { display: flex; flex-wrap: wrap; gap: 6px 28px; margin: 6px 0 0; }
            .facts div { min-width: 0; max-width: 100%; }
            dt { font-size: 12.5px; color: var(--quiet); }
            dd { margin: 0; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
            .life { list-style: none; margin: 0; padding: 0; }
            .life li { border-left: 2px solid var(--line); margin-left: 6px; padding: 0 0 20px 20px; position: relative; }
            .life li:last-child { border-left-color: transparent; padding-bottom: 4px; }
            .life li::before { content: ""; position: absolute; left: -6px; top: 6px; width: 10px; height: 10px; border-radius: 50%; background: var(--gold); }
            .life p { margin: 2px 0; font-size: 13.5px; }
            details { border: 1px solid var(--line); border-radius: 8px; background: var(--card); margin: 8px 0; }
            summary { padding: 8px 14px; cursor: pointer; font-weight: 550; overflow-wrap: anywhere; }
            .pair { display: grid; grid-template-columns: 1fr 1fr; gap: 0 16px; }
            .pair > div { min-width: 0; }
            .graph { padding: 8px; margin-block: 8px; }
            details > :not(summary) { margin-left: 14px; margin-right: 14px; }
            details > :last-child { margin-bottom: 14px; }
            .graph svg { display: block; margin: 0 auto; font: 13px system-ui, sans-serif; }
            .graph a { text-decoration: none; }
            .node rect { fill: var(--card); stroke: var(--line); stroke-width: 1.5; }
            .node text { fill: var(--text); text-anchor: middle; }
            .node .type { fill: var(--quiet); font-size: 11px; }
            .node .name, .node .took { text-anchor: start; font-size: 12px; }
            .node .took { fill: var(--quiet); }
            .node.succeeded rect, .node.good rect { fill: var(--good-back); stroke: var(--good); }
            .node.failed rect, .node.aborted rect, .node.bad rect { fill: var(--bad-back); stroke: var(--bad); }
            .node.running rect, .node.busy rect { fill: var(--busy-back); stroke: var(--busy); }
            .node.caught rect, .node.odd rect { fill: var(--odd-back); stroke: var(--odd); }
            .node.unentered rect { stroke-dasharray: 4 3; }
            .node.unentered text { fill: var(--quiet); }
            a:hover .node rect { stroke-width: 2.5; }
            .edge { fill: none; stroke: var(--quiet); stroke-width: 1.5; opacity: .4; }
            .edge.taken { opacity: 1; }
            .edge.rare { stroke-dasharray: 4 4; }
            .head { fill: var(--quiet); }
            .node rect.bar { fill: var(--gold); stroke: none; }
            .axis { stroke: var(--line); }
            .picture text { font-size: 12.5px; }
            .picture .type { font-size: 11px; }
            .picture .strong { fill: var(--text); font-weight: 600; }
            .picture .other rect { stroke-width: 1; }
            .edge.busy { stroke: var(--busy); stroke-dasharray: 6 4; }
            @media (prefers-reduced-motion: no-preference) { .edge.busy { animation: go .8s linear infinite; } @keyframes go { to { stroke-dashoffset: -10; } } }
            .trend { display: inline-block; padding: 0; margin: 0; }
            .trend svg { margin: 0; }
            .trend .node rect { stroke: none; fill: var(--quiet); }
            .trend .good rect { fill: var(--good); }
            .trend .bad rect { fill: var(--bad); }
            th a { color: inherit; text-decoration: none; }
            th a:hover { text-decoration: underline; }
            progress { width: min(320px, 100%); accent-color: var(--good); }
            .flow { display: grid; grid-template-columns: repeat(auto-fit, minmax(190px, 1fr)); gap: 12px; margin: 0; padding: 0; list-style: none; }
            .flow li { border: 1px solid var(--line); border-top: 3px solid var(--gold); border-radius: 8px; background: var(--card); padding: 10px 14px 12px; min-width: 0; }
            .flow li.aside { border-top-color: var(--line); }
            .flow li.bad { border-top-color: var(--bad); }
            .flow li.busy { border-top-color: var(--busy); }
            .flow li { position: relative; }
            .flow li:not(.aside):not(:nth-last-child(2))::after { content: "→"; position: absolute; right: -13px; top: 40%; width: 14px; text-align: center; color: var(--quiet); z-index: 1; }
            .flow h2 { font-size: 15px; margin: 0; }
            .flow .big { font-size: 24px; font-weight: 600; line-height: 1.2; font-variant-numeric: tabular-nums; }
            .flow p { margin: 2px 0; font-size: 13px; color: var(--quiet); overflow-wrap: anywhere; }
            .log { max-height: 420px; }
            .said { position: fixed; right: 16px; bottom: 16px; max-width: min(420px, calc(100vw - 32px)); background: var(--text); color: var(--page); border-radius: 8px; padding: 8px 14px; }
            .said:empty { display: none; }
            .more { display: flex; flex-wrap: wrap; gap: 4px 16px; align-items: center; margin-top: 8px; }
            .more p { margin: 2px 0; }
            .more p:last-child:has(a, button) { margin-left: auto; }
            .cell { display: inline-block; min-width: 34px; text-align: center; border-radius: 4px; padding: 2px 4px; background: var(--good-back); color: var(--good); text-decoration: none; font-variant-numeric: tabular-nums; }
            .cell.bad { background: var(--bad-back); color: var(--bad); }
            @media (min-width: 641px) { .flow.narrow { display: none; } }
            @media (max-width: 640px) {
              .picture { display: none; }
              .flow li:not(.aside):not(:nth-last-child(2))::after { content: "↓"; right: 50%; top: auto; bottom: -17px; }
              html { font-size: 14px; }
              .top { padding: 8px 14px; }
              nav { order: 3; flex-basis: 100%; }
              .where { margin-left: auto; }
              main { padding: 14px 14px 48px; }
              .pair { grid-template-columns: 1fr; }
              .filter label, .filter input { flex: 1 1 130px; width: auto; min-width: 0; }
              th, td { padding: 6px 9px; }
            }
            @media (prefers-reduced-motion: no-preference) { details[open] > summary { transition: color .1s; } }

            """#)
}

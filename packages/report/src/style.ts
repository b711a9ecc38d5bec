/** The style sheet of a report: light and dark by the reader's setting, one column on a phone. */
export const style = `
:root { color-scheme: light dark; --page: #f6f7f5; --surface: #ffffff; --ink: #1b2021; --muted: #5f6b6b; --rule: #dfe4e2; --first: #0f766e; --second: #c2571a; --neutral: #a9b5b3; --shadow: 0 1px 2px rgb(20 40 40 / 8%); }
@media (prefers-color-scheme: dark) { :root { --page: #111516; --surface: #1a2021; --ink: #e7ecea; --muted: #9aa7a5; --rule: #2e3738; --first: #4fd1c0; --second: #f0a06a; --neutral: #5c6a69; --shadow: none; } }
* { box-sizing: border-box; }
html { scroll-behavior: smooth; }
body { margin: 0; background: var(--page); color: var(--ink); font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
header, main, footer { max-width: 1120px; margin: 0 auto; padding: 0 20px; }
header { padding-top: 48px; }
.eyebrow { margin: 0; color: var(--first); font-weight: 600; letter-spacing: 0.02em; }
h1 { margin: 4px 0 10px; font-size: clamp(1.9rem, 5vw, 2.8rem); line-height: 1.1; letter-spacing: -0.02em; overflow-wrap: anywhere; }
h2 { margin: 0 0 6px; font-size: 1.45rem; letter-spacing: -0.01em; }
h3 { margin: 22px 0 6px; font-size: 1.05rem; }
.lead { max-width: 75ch; margin: 0 0 22px; font-size: 1.1rem; }
section { margin: 44px 0; scroll-margin-top: 16px; }
section > p, article > p, details > p { max-width: 75ch; }
a { color: var(--first); }
nav { display: flex; flex-wrap: wrap; gap: 4px 18px; margin-top: 20px; padding: 10px 0; border-top: 1px solid var(--rule); border-bottom: 1px solid var(--rule); }
nav a { text-decoration: none; }
nav a:hover { text-decoration: underline; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(165px, 1fr)); gap: 12px; margin: 0; }
.figures div { padding: 14px 16px; background: var(--surface); border-radius: 10px; box-shadow: var(--shadow); }
.verdicts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 250px), 1fr)); gap: 12px; margin: 0 0 12px; padding: 0; list-style: none; }
.verdicts li { display: flex; flex-direction: column; gap: 2px; padding: 14px 16px; background: var(--surface); border-left: 5px solid var(--neutral); border-radius: 10px; box-shadow: var(--shadow); }
.verdicts .gain { border-left-color: var(--first); }
.verdicts .loss { border-left-color: var(--second); }
.verdicts strong { font-size: 1.2rem; font-weight: 650; letter-spacing: -0.01em; line-height: 1.3; }
.unfinished { margin: 0 0 14px; padding: 10px 16px; background: var(--surface); border: 2px solid var(--second); border-radius: 10px; }
dt { color: var(--muted); font-size: 0.9rem; }
dd { margin: 0; font-size: 1.4rem; font-weight: 650; font-variant-numeric: tabular-nums; letter-spacing: -0.01em; line-height: 1.3; white-space: nowrap; }
dd.note { white-space: normal; line-height: 1.4; }
.note { color: var(--muted); font-size: 0.86rem; font-weight: 400; letter-spacing: 0; }
figure { margin: 0; }
figcaption { color: var(--muted); font-size: 0.92rem; }
#probe div > figure, #probe details, .charts figure, .masks figure, .neighbours article, .table, pre { padding: 14px 16px; background: var(--surface); border-radius: 10px; box-shadow: var(--shadow); }
#probe .two { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 440px), 1fr)); gap: 14px; align-items: start; margin-top: 14px; }
#probe .one { display: grid; gap: 14px; margin-top: 14px; }
#probe .one > div { max-width: 720px; }
#probe details { margin: 0; }
#probe details summary { margin: 0; }
#probe svg, .charts svg { display: block; width: 100%; height: auto; }
.confusion { overflow-x: auto; }
.one .confusion { max-width: 1000px; }
.confusion svg { min-width: 460px; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 330px), 1fr)); gap: 14px; }
.charts figcaption { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 12px; color: var(--ink); }
.charts .note { margin: 6px 0 0; }
.keys { display: flex; gap: 12px; color: var(--muted); font-size: 0.86rem; }
.keys i { display: inline-block; width: 14px; height: 3px; margin-right: 6px; vertical-align: middle; border-radius: 2px; }
.masks { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 480px), 1fr)); gap: 14px; }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: 8px; }
.pair img { display: block; width: 100%; height: auto; border-radius: 4px; image-rendering: pixelated; }
.masks figcaption { display: flex; flex-wrap: wrap; gap: 0 10px; margin-top: 8px; align-items: baseline; }
.name { color: var(--muted); font-size: 0.86rem; overflow-wrap: anywhere; }
strong + .name { font-weight: 400; }
.neighbours { display: grid; gap: 14px; }
.neighbours article { display: grid; grid-template-columns: minmax(200px, 1fr) 4fr; gap: 16px; }
.neighbours ol { display: grid; grid-template-columns: repeat(auto-fit, minmax(190px, 1fr)); gap: 14px; margin: 0; padding: 0; list-style: none; }
.neighbours :is(.query, li) { display: flex; flex-direction: column; gap: 4px; min-width: 0; padding-left: 12px; border-left: 3px solid var(--rule); }
.neighbours .query { border-left-color: var(--ink); }
.neighbours .same { border-left-color: var(--first); }
audio { width: 100%; height: 36px; }
.table { overflow-x: auto; margin-top: 12px; }
table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--muted); font-size: 0.92rem; }
th, td { padding: 6px 12px 6px 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--rule); }
tbody tr:last-child > * { border-bottom: 0; }
th { font-weight: 600; }
th[scope=row] { font-weight: 500; }
.number { text-align: right; white-space: nowrap; }
td.path { overflow-wrap: anywhere; }
details { margin-top: 14px; }
summary { cursor: pointer; font-weight: 600; margin-bottom: 10px; }
pre { overflow-x: auto; font: 0.86rem/1.5 ui-monospace, "SF Mono", Menlo, Consolas, monospace; }
footer { padding-bottom: 48px; color: var(--muted); font-size: 0.9rem; border-top: 1px solid var(--rule); }
@media (max-width: 640px) { header { padding-top: 28px; } .neighbours article { grid-template-columns: 1fr; } .figures { grid-template-columns: 1fr 1fr; } dd { font-size: 1.2rem; } }
@media print { body { background: #fff; } nav, audio { display: none; } section { break-inside: avoid-page; } }
`;

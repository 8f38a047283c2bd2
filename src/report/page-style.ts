import { LEVELS } from "./charts/heat.ts";

/**
 * Colours: runs after Okabe and Ito, "Color Universal Design" (2008), lighter in the dark theme, told apart by the
 * colour-blind and beside that by dash and marker. Heat maps are one hue each, from the paper's own colour upward.
 */
const LIGHT = `
  color-scheme: light;
  --paper: #fdfdfb; --raised: #f5f5f1; --ink: #1b1d21; --soft: #5b6068; --line: #dfdfd8; --faint: #ecece6;
  --run-0: #0a6cb0; --run-1: #c9520a; --run-2: #0b8a66; --run-3: #a8488a; --run-4: #8a6d00; --run-5: #3d8fc4;
  --initial: #7c8087; --good: #0b7a55; --bad: #b3380f; --caution: #8a6100;
  --fire: #b8400a; --move: #15608f; --count: #35617d;`;
const DARK = `
  color-scheme: dark;
  --paper: #14161a; --raised: #1c1f24; --ink: #e7e7e2; --soft: #a2a6ad; --line: #34383f; --faint: #24272d;
  --run-0: #5fb4f0; --run-1: #f58e4a; --run-2: #3cc79c; --run-3: #e08fc4; --run-4: #dfbb3e; --run-5: #9ad2f5;
  --initial: #9a9ea6; --good: #4ecb9f; --bad: #ff8a63; --caution: #e5b84b;
  --fire: #ff9a52; --move: #6ab8ec; --count: #79b4d8;`;

const ramp = (name: string, colour: string): string =>
  Array.from({ length: LEVELS + 1 }, (_, i) => {
    const share = i === 0 ? 0 : Math.round(8 + (92 * i) / LEVELS);
    const mixed = i === 0 ? "var(--faint)" : `color-mix(in oklab, var(${colour}) ${share}%, var(--faint))`;
    return `.${name}${i}{stroke:${mixed}}`;
  }).join("");

const counts: string = Array.from(
  { length: LEVELS + 1 },
  (_, i) =>
    `td.c${i}{background:color-mix(in oklab, var(--count) ${Math.round((100 * i) / LEVELS)}%, transparent)}`,
).join("");

/** The page's style sheet: everything is here, nothing is fetched. */
export const PAGE_STYLE: string = `
:root{${LIGHT}}
@media (prefers-color-scheme: dark){:root:not([data-theme=light]){${DARK}}}
:root[data-theme=dark]{${DARK}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;scroll-behavior:smooth}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 Inter,ui-sans-serif,system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;font-feature-settings:"ss01","cv11";font-variant-numeric:tabular-nums}
main,header,footer{max-width:1048px;margin:0 auto;padding:0 24px}
header{display:flex;align-items:baseline;gap:16px;padding-top:36px}
header .brand{font-weight:650;letter-spacing:-.01em}
header .what{color:var(--soft);flex:1;min-width:0;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
button{font:inherit;font-size:13px;color:var(--soft);background:none;border:1px solid var(--line);border-radius:999px;padding:3px 12px;cursor:pointer}
button:hover{color:var(--ink);border-color:var(--soft)}
:focus-visible{outline:2px solid var(--run-0);outline-offset:2px;border-radius:3px}
h1{font-size:15px;font-weight:600;color:var(--soft);margin:44px 0 0;letter-spacing:0}
h2{font-size:22px;line-height:1.25;font-weight:650;letter-spacing:-.015em;margin:0 0 6px}
h3{font-size:16px;font-weight:650;margin:28px 0 8px}
h4{font-size:13px;font-weight:600;color:var(--soft);margin:16px 0 8px}
main>section{padding:44px 0 0;margin-top:44px;border-top:1px solid var(--line)}
main>section.first{border:0;margin-top:0;padding-top:6px}
.lead{color:var(--soft);max-width:68ch;margin:0 0 20px}
.headline{font-size:clamp(23px,3.4vw,34px);line-height:1.22;letter-spacing:-.022em;font-weight:650;margin:6px 0 28px;max-width:30em;text-wrap:balance}
.hero{display:grid;grid-template-columns:minmax(0,1fr) minmax(0,1fr);gap:44px;align-items:start}
.statements{list-style:none;margin:0;padding:0;display:grid;gap:10px;font-size:15px}
.statements li{display:grid;grid-template-columns:20px 1fr;gap:8px}
.statements .mark{color:var(--soft);font-size:12px;line-height:23px;text-align:center;font-weight:700}
.good .mark{color:var(--good)} .bad .mark{color:var(--bad)} .caution .mark{color:var(--caution)}
.caution .mark{font-size:14px}
nav{display:flex;flex-wrap:wrap;gap:4px 18px;font-size:14px;margin-top:36px;padding-top:14px;border-top:1px solid var(--line)}
nav a{color:var(--soft);text-decoration:none} nav a:hover{color:var(--ink);text-decoration:underline}
.scroll{overflow-x:auto;max-width:100%;background:linear-gradient(to right,var(--paper) 40%,transparent) left/48px 100% no-repeat local,linear-gradient(to left,var(--paper) 40%,transparent) right/48px 100% no-repeat local,linear-gradient(to right,var(--line),transparent) left/10px 100% no-repeat scroll,linear-gradient(to left,var(--line),transparent) right/10px 100% no-repeat scroll}
.tall{max-height:480px;overflow-y:auto}
table{border-collapse:collapse;font-size:14px;width:100%}
th,td{text-align:left;vertical-align:top;padding:8px 18px 8px 0;border-bottom:1px solid var(--faint)}
thead th{font-weight:500;color:var(--soft);font-size:13px;border-bottom-color:var(--line);white-space:nowrap;vertical-align:bottom}
tbody th,tfoot th{font-weight:500}
tfoot th,tfoot td{border-top:1px solid var(--line);border-bottom:0}
td b{font-weight:650} small{color:var(--soft);font-size:12.5px;white-space:nowrap}
th small{display:block;font-weight:400}
.glance td,.results td{white-space:nowrap}
.results td small,.glance td small,.metrics td small{display:block;line-height:1.35}
.glance td.inline small{display:inline}
.glance-box{margin-top:40px}
.metrics td,.metrics th,.parts th,.parts td,.corruptions td,.robustness td{white-space:nowrap}
.parts td.bar{background:linear-gradient(var(--count),var(--count)) left bottom/var(--share) 2px no-repeat content-box}
.robustness,.corruptions{margin-top:26px}
.parts thead .key,.corruptions thead .key{font-weight:400;font-size:12.5px}
.network img{display:block;max-width:100%;margin:0 auto}
.better{color:var(--good)} .worse{color:var(--bad)}
.key{display:inline-flex;align-items:center;gap:7px;white-space:nowrap;color:var(--ink);font-weight:600}
.key svg{flex:none}
.keys{display:flex;flex-wrap:wrap;gap:4px 24px;margin:0 0 18px;font-size:14px}
figure{margin:0;min-width:0}
figure.wide{margin-top:26px}
figcaption{font-size:14px;font-weight:600;margin:0 0 6px}
figure.wide figcaption{font-weight:400;color:var(--soft)}
.note,.readout{font-size:13px;color:var(--soft);margin:6px 0 0;display:block}
.readout{min-height:21px}
.empty{color:var(--soft)}
.panels{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,400px),1fr));gap:30px 40px}
.two{display:grid;grid-template-columns:minmax(0,1fr) minmax(0,1fr);gap:44px;align-items:center}
svg{display:block} .key svg,.ramp{display:inline-block}
svg.plot{width:100%;max-width:100%;height:auto;font-size:11.5px;font-family:inherit;font-variant-numeric:tabular-nums;overflow:visible}
svg.plot text{white-space:pre}
svg.layers{font-size:11px;fill:var(--soft);min-width:760px;max-width:100%;height:auto}
svg.layers .head{fill:var(--ink);font-weight:600;font-size:12.5px}
svg.layers .row{fill:var(--ink)}
svg.columns{font-size:11px;fill:var(--soft);margin-top:14px}
svg.columns .head{fill:var(--ink);font-weight:600;font-size:12.5px} svg.columns .row{fill:var(--ink)}
figure.large{max-width:720px}
.rift{stroke:var(--paper);stroke-width:1.5}
.panels.small{grid-template-columns:repeat(auto-fit,minmax(min(100%,290px),1fr));gap:24px 30px}
.panels.even{grid-template-columns:repeat(auto-fill,minmax(min(100%,290px),1fr));gap:24px 30px}
.compared th small{margin-left:31px}
.bed{fill:var(--faint)} .unanchored{stroke:var(--line);stroke-dasharray:2 4}
svg.layers .unanchored{stroke:var(--soft);opacity:.55}
.cursor{fill:none;stroke:var(--ink);stroke-opacity:.45;pointer-events:none}
${ramp("f", "--fire")}${ramp("g", "--soft")}${ramp("m", "--move")}${ramp("c", "--count")}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:6px 30px;margin:0;padding:0;font-size:13px;color:var(--soft)}
.ramp{vertical-align:-1px;margin:0 5px}
details{border-top:1px solid var(--faint);padding:10px 0}
figure.wide details{border:0;padding:6px 0 0}
summary{cursor:pointer;font-size:14px;font-weight:500} summary::marker{color:var(--soft)}
details.more{margin-top:26px}
details[open]>summary{margin-bottom:14px}
pre{background:var(--raised);border:1px solid var(--faint);border-radius:8px;padding:14px 16px;overflow-x:auto;font-size:13px;line-height:1.5;margin:8px 0 0}
code{font-family:ui-monospace,"SF Mono",Menlo,Consolas,"Liberation Mono",monospace;font-size:.93em}
${counts}
.confusion{width:auto;font-size:12px}
.confusion td{text-align:center;padding:0;min-width:34px;height:30px;vertical-align:middle;border:1px solid var(--paper)}
.confusion tbody td{background-clip:padding-box}
.confusion td.strong{color:var(--paper);font-weight:600}
.confusion thead th{border:0;padding:0 2px 6px;text-align:center;font-size:12px}
.confusion thead th span{writing-mode:vertical-rl;transform:rotate(180deg);max-height:90px}
.confusion .corner{text-align:left;font-weight:400;font-size:11.5px;white-space:normal;width:84px}
.confusion tbody th{border:0;padding:0 10px 0 0;vertical-align:middle;text-align:right;white-space:nowrap;font-weight:400;color:var(--soft)}
.mistakes{margin:4px 0 0;padding-left:20px;font-size:13.5px} .mistakes b{font-weight:600}
.cards{list-style:none;margin:0;padding:0;display:grid;grid-template-columns:repeat(auto-fill,minmax(112px,1fr));gap:14px}
.card{min-width:0;font-size:13px}
.card img{width:100%;aspect-ratio:1;object-fit:contain;background:var(--raised);border-radius:6px;image-rendering:pixelated;display:block}
.card p{margin:0} .card .truth{font-weight:650;margin-top:6px;overflow-wrap:anywhere}
.card .asked{margin-top:6px;max-height:80px;overflow:auto;overflow-wrap:anywhere}
.card .text{background:var(--raised);border-radius:6px;padding:10px;max-height:132px;overflow:auto;overflow-wrap:anywhere}
.cards.wide{grid-template-columns:repeat(auto-fill,minmax(min(100%,300px),1fr))} .wide .card img{aspect-ratio:auto}
.cards.worded{grid-template-columns:repeat(auto-fill,minmax(min(100%,300px),1fr))}
.worded .text{white-space:pre-line;max-height:220px}
.guess{display:flex;align-items:center;gap:5px;color:var(--soft);line-height:1.6}
.guess .what{flex:1;min-width:0;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.guess.written{align-items:baseline} .guess.written .what{white-space:pre-line;overflow-wrap:anywhere}
.guess .key{gap:0} .guess .tick{font-weight:700} .guess.right .tick{color:var(--good)} .guess.wrong .tick{color:var(--bad)} .guess.wrong .what{color:var(--ink)}
.sample-set+.sample-set{margin-top:36px}
.glossary{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,420px),1fr));gap:14px 44px;margin:0;font-size:14px}
.glossary dt{font-weight:650} .glossary dd{margin:0;color:var(--soft)}
.environment th[scope=row]{white-space:nowrap;color:var(--soft);font-weight:400}
.environment td{overflow-wrap:anywhere}
.unseen{position:absolute;clip-path:inset(50%);width:1px;height:1px;overflow:hidden}
footer{margin-top:56px;padding-top:18px;padding-bottom:40px;font-size:13px;color:var(--soft)}
@media screen and (max-width:760px){
  main,header,footer{padding-left:18px;padding-right:18px}
  .hero,.two{grid-template-columns:minmax(0,1fr);gap:30px}
  th,td{padding-right:14px} table{font-size:13.5px} .confusion td{min-width:27px;height:27px} .confusion .corner{width:56px}
  header{padding-top:22px} h1{margin-top:28px} main>section{padding-top:32px;margin-top:34px}
}
@media print{
  :root,:root[data-theme=dark]{${LIGHT}}
  body{font-size:9.5pt;-webkit-print-color-adjust:exact;print-color-adjust:exact} nav,button{display:none!important}
  main,header,footer{max-width:none;padding:0} main>section{padding-top:18px;margin-top:22px}
  header{padding-top:0} h1{margin-top:18px} .headline{font-size:21pt;margin-bottom:18px}
  .lead,figure,tr,.card,.statements li,.glossary div,.two{break-inside:avoid} figure.wide{break-inside:auto}
  h2,h3,h4,figcaption,.lead,.keys,.legend{break-after:avoid}
  table,.statements,.glossary{font-size:9pt} .hero,.two{gap:26px} .panels{grid-template-columns:1fr 1fr;gap:18px 26px}
  .scroll,.tall{overflow:visible;max-height:none;background:none} svg.layers{min-width:0;width:100%;break-inside:avoid}
  tfoot{display:table-row-group}
  .cards{grid-template-columns:repeat(8,1fr);gap:8px} .cards.wide{grid-template-columns:repeat(auto-fill,minmax(min(100%,300px),1fr))} .wide .card img{aspect-ratio:auto}
.cards.worded{grid-template-columns:repeat(3,1fr)} .card{font-size:7.5pt} pre{white-space:pre-wrap}
}
`;

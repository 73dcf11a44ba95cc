const dark =
  'color-scheme: dark; --paper: #0f1319; --panel: #171c24; --line: #2a323f; --line-strong: #3d4858; --ink: #e7eaf0; --soft: #9ba7b9; --accent: #8eabff; --accent-ink: #0d1424; --accent-soft: #202d4d; --good: #6fd6a2; --good-soft: #143527; --warn: #f0bd62; --warn-soft: #3a2c10; --bad: #ff929d; --bad-soft: #43191f; --violet: #c4a6ff; --violet-soft: #2f2450;';

/** The style of the pages that the gateway draws itself; colours and frame are the console's. */
export const frameStyle: string = `
:root { color-scheme: light; --paper: #f6f7f9; --panel: #ffffff; --line: #dfe3ea; --line-strong: #c3cad6; --ink: #1a202c; --soft: #566072; --accent: #2f55c8; --accent-ink: #ffffff; --accent-soft: #e7edfd; --good: #11693f; --good-soft: #dff3e8; --warn: #855000; --warn-soft: #fdf0d5; --bad: #ab1f33; --bad-soft: #fce4e7; --violet: #6b3fb5; --violet-soft: #efe7fb; }
@media (prefers-color-scheme: dark) { :root:not([data-theme='light']) { ${dark} } }
:root[data-theme='dark'] { ${dark} }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 14px/1.5 system-ui, -apple-system, 'Segoe UI', 'Liberation Sans', sans-serif; display: flex; min-height: 100vh; }
#console { width: 13rem; flex: none; background: var(--panel); border-right: 1px solid var(--line); position: sticky; top: 0; height: 100vh; overflow-y: auto; display: flex; flex-direction: column; }
#console ul { list-style: none; margin: 0; padding: .5rem; flex: 1; } #console li { margin-bottom: .125rem; } #console .rest { border-top: 1px solid var(--line); margin-top: .5rem; padding-top: .5rem; }
#console li a { display: block; padding: .375rem .75rem; border-radius: .375rem; color: var(--ink); text-decoration: none; } #console li a:hover { background: var(--paper); } #console li a[aria-current] { background: var(--accent-soft); color: var(--accent); font-weight: 600; }
#console .brand { display: flex; align-items: center; gap: .5rem; padding: 1.25rem 1rem 1rem; font-size: 1rem; font-weight: 600; color: var(--ink); text-decoration: none; } #console svg { width: 1.25rem; height: 1.25rem; color: var(--accent); }
#console .foot { border-top: 1px solid var(--line); padding: 1rem; font-size: .75rem; color: var(--soft); } #console .foot p { margin: .75rem 0 0; overflow-wrap: anywhere; }
.stop { display: block; padding: .3rem .75rem; border: 1px solid var(--line-strong); border-radius: .375rem; background: var(--panel); color: var(--ink); font-size: .875rem; font-weight: 500; text-align: center; text-decoration: none; } .stop:hover { background: var(--paper); }
main { flex: 1; min-width: 0; max-width: 82rem; margin: 0 auto; padding: 1.5rem 1.75rem 4rem; }
@media (max-width: 64rem) { body { display: block; } #console { position: static; width: auto; height: auto; border: 0; border-bottom: 1px solid var(--line); } #console ul { display: flex; flex-wrap: wrap; } #console .rest { border: 0; margin: 0; padding: 0; } #console .brand { padding: .6rem 1rem 0; } #console .foot { display: flex; align-items: center; gap: 1rem; padding: .4rem 1rem; } #console .foot p { margin: 0; } main { padding: 1rem 1rem 3rem; } }
.skip { position: absolute; left: -100rem; } .skip:focus { left: 1rem; top: .5rem; background: var(--panel); padding: .4rem .8rem; z-index: 1; }
a { color: var(--accent); } main a { text-decoration: none; } main a:hover { text-decoration: underline; } main p a, main li a, dd a { text-decoration: underline; }
h1 { font-size: 1.25rem; margin: .3rem 0 .4rem; overflow-wrap: anywhere; } h1 small { color: var(--soft); font-weight: 400; font-size: .9rem; } h2 { font-size: 1rem; margin: 2rem 0 .5rem; } h3 { font-size: .9rem; margin: 0 0 .4rem; }
.siblings { display: flex; flex-wrap: wrap; gap: .3rem 1.25rem; border-bottom: 1px solid var(--line); margin-bottom: 1rem; } .siblings a { padding: .3rem 0 .5rem; color: var(--soft); } .siblings a[aria-current] { color: var(--accent); font-weight: 600; border-bottom: 2px solid var(--accent); }
.trail, .orders { color: var(--soft); font-size: .875rem; } .orders { display: flex; flex-wrap: wrap; gap: .4rem 1.2rem; margin: 1rem 0; } .orders [aria-current] { font-weight: 700; color: var(--ink); }
.scrolled { position: relative; overflow-x: auto; background: var(--panel); border: 1px solid var(--line); border-radius: .5rem; margin: .5rem 0; }
table { width: 100%; border-collapse: collapse; } th { text-align: left; color: var(--soft); font-size: .75rem; font-weight: 500; white-space: nowrap; }
th, td { padding: .5rem 1rem; border-bottom: 1px solid var(--line); vertical-align: top; } tbody tr:last-child > * { border-bottom: 0; } td { overflow-wrap: anywhere; } td.short { white-space: nowrap; } td.name { min-width: 8.5rem; }
@media (max-width: 44rem) {
.scrolled thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); } .scrolled table, .scrolled tbody { display: block; }
.scrolled tr { display: block; padding: .5rem 1rem; border-bottom: 1px solid var(--line); } .scrolled tr:last-child { border-bottom: 0; }
.scrolled td { display: flow-root; padding: .125rem 0 .125rem 6.75rem; border: 0; } .scrolled td:empty { display: none; } .scrolled td:first-child { padding-left: 0; font-weight: 600; }
.scrolled td::before { content: attr(data-label); float: left; width: 6rem; margin-left: -6.75rem; color: var(--soft); font-size: .75rem; line-height: 1.75; white-space: normal; } .scrolled td:first-child::before { content: none; }
}
code, pre { font: .92em/1.45 ui-monospace, 'SF Mono', 'Liberation Mono', monospace; } code { overflow-wrap: anywhere; }
pre { overflow: auto; max-height: 30rem; padding: .9rem 1rem; background: var(--panel); border: 1px solid var(--line); border-radius: .5rem; white-space: pre-wrap; overflow-wrap: anywhere; }
blockquote { margin: .5rem 0; padding: .1rem 0 .1rem 1rem; border-left: 3px solid var(--line-strong); white-space: pre-wrap; overflow-wrap: anywhere; }
.hint { color: var(--soft); font-size: .93em; } .good { color: var(--good); } .bad { color: var(--bad); } .wait { color: var(--warn); } .lead { color: var(--soft); max-width: 48rem; margin: 0 0 1rem; }
label { display: block; margin-bottom: .25rem; font-size: .75rem; font-weight: 500; color: var(--soft); }
input, select { font: inherit; min-height: 2rem; padding: .25rem .6rem; border: 1px solid var(--line-strong); border-radius: .375rem; background: var(--panel); color: inherit; max-width: 100%; }
button, .button { display: inline-block; font: inherit; font-weight: 500; min-height: 2rem; padding: .25rem .75rem; border: 1px solid transparent; border-radius: .375rem; background: var(--accent); color: var(--accent-ink); cursor: pointer; } main .button { text-decoration: none; } button:hover, .button:hover { opacity: .9; }
form.row { display: flex; flex-wrap: wrap; gap: .7rem 1rem; align-items: end; margin: 1rem 0 1.25rem; } form.row input[type='search'] { width: 22rem; }
.mark { display: inline-block; padding: 0 .4rem; border-radius: .25rem; font-size: .857em; font-weight: 500; white-space: nowrap; background: var(--paper); color: var(--soft); box-shadow: inset 0 0 0 1px var(--line); }
.mark-read { background: var(--good-soft); color: var(--good); } .mark-medium, .mark-write { background: var(--accent-soft); color: var(--accent); } .mark-high, .mark-execute { background: var(--warn-soft); color: var(--warn); } .mark-critical, .mark-destructive { background: var(--bad-soft); color: var(--bad); } .mark-financial { background: var(--violet-soft); color: var(--violet); }
ul.facts { display: flex; flex-wrap: wrap; gap: .4rem 2rem; padding: 0; margin: 1rem 0; list-style: none; } .grade { font-size: 1.8rem; font-weight: 700; line-height: 1; }
dl.facts { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1.2rem; margin: 1rem 0; } dl.facts dt { color: var(--soft); font-weight: 400; margin: 0; } dl.facts dd { margin: 0; }
dt { font-weight: 600; margin-top: .9rem; } dd { margin: .2rem 0 0; } .pages { display: flex; gap: 1.5rem; margin-top: .8rem; }
.notice { background: var(--panel); border: 1px solid var(--line); border-left: 4px solid var(--accent); padding: .6rem 1rem; border-radius: .375rem; } .notice.bad { border-left-color: var(--bad); }
.sides { display: grid; grid-template-columns: 1fr 1fr; gap: 1rem; } @media (max-width: 52rem) { .sides { grid-template-columns: 1fr; } }
.side { background: var(--panel); border: 1px solid var(--line); border-radius: .5rem; padding: .8rem 1rem; min-width: 0; } .side ol { margin: 0; padding-left: 1.4rem; } .side li { margin-bottom: .5rem; }
.counts { display: flex; flex-wrap: wrap; gap: .75rem; list-style: none; padding: 0; } .counts li { background: var(--panel); border: 1px solid var(--line); border-radius: .5rem; padding: .6rem 1rem; } .counts strong { display: block; font-size: 1.4rem; line-height: 1.2; }
details { margin: .3rem 0; } summary { cursor: pointer; } ul.gaps { margin: .2rem 0; padding-left: 1.1rem; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 4px; }
`;

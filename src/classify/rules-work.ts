import { concerns } from './act.ts';
import type { Act } from './act.ts';
import { verbs } from './lexicon.ts';
import { browserWords, derivedNouns, deviceWords } from './nouns.ts';
import { rule, setOf } from './sense-rule.ts';
import type { SenseRule } from './sense-rule.ts';

const uiVerbs = setOf(`open visit close select type upload resize switch new back forward scroll set
      choose submit focus handle drop move fill clear wait go refresh reload maximize minimize
      emulate uncheck press click hover navigate drag enter evaluate send post put paste release
      toggle change activate install create manage control interact add ask expect assert`);
const uiObjects =
  setOf(`tab window page element dialog viewport mouse key keyboard option checkbox field
      form input history url dropdown button text browser app application selector cursor view
      screen device geolocation`);
const settings =
  setOf(`set turn switch toggle change adjust open close control move send mute unmute lock
      unlock dim rotate enable disable activate deactivate increase decrease trigger`);
const opensSession = setOf('create new');
const pageWords = setOf('page element input form browser');
const terminals = setOf('terminal tmux pty tty repl stdin iterm');
const media = setOf('audio video frame thumbnail gif mp3 mp4 wav clip');
const madeByChance = setOf('qr random uuid guid ulid nanoid');
// What is taken back can be given again.
function isUndoing(word: string): boolean {
  return word.startsWith('un') && verbs.get(word.slice(2))?.category === 'Write';
}
const fromTrash = /^[^.]*\bfrom (?:the |your )?(?:trash|bin|archive)\b/i;
// A request to people is written down; a request to a machine does whatever it says.
const askedOfPeople = setOf(`change access approval leave feature pull merge support service quote
      review purchase vacation permission friend contact signature demo`);
const callers = 'make send execute call perform invoke issue submit';
const requests = setOf('request requests');
const toDisk =
  /\b(?:to|on) (?:the |an? |your )?(?:image )?(?:local|disk|file|path|folder|director)|\bsaves?\b/i;

// "Make an HTTP PUT request" says which request it is.
function asksHttp(methods: string): (act: Act) => boolean {
  const named = setOf(methods);
  return (act) => concerns(act, requests) && concerns(act, named);
}

/** Rules for everything that is driven, called, built, generated, kept or settled. */
export const workRules: readonly SenseRule[] = [
  rule('acts-as-user', ['Execute', 1], {
    verbs: 'simulate emulate',
    objects: `press pressing click clicking key keypress keyboard mouse typing touch gesture tap
      swipe user`,
  }),
  rule('user-interface', ['Execute', 1], {
    verbs: uiVerbs,
    when: (act, context) =>
      context.browser &&
      !(opensSession.has(act.verb) && act.objects.has('session')) &&
      (act.objects.size === 0 || concerns(act, uiObjects) || concerns(act, browserWords)),
  }),
  rule('user-interface-file', ['Execute', 1], {
    verbs: 'upload choose attach select',
    objects: 'file files',
    when: (_, context) => context.browser && concerns({ objects: context.own }, pageWords),
  }),
  rule('closes-browser-session', ['Execute', 1], {
    verbs: 'close',
    objects: 'session sessions',
    when: (_, context) => context.browser,
  }),
  rule('drops-dragged', ['Execute', 1], {
    verbs: 'drop',
    when: (_, context) => context.own.has('drag') || context.own.has('drags'),
  }),
  rule('drives-device', ['Execute', 0.95], {
    verbs: settings,
    when: (act, context) => context.device && concerns(act, deviceWords),
  }),
  rule('changes-shape', ['Write', 0.9], {
    verbs: 'scale fill',
    objects: 'image stl mesh model object shape rectangle circle polygon canvas cell cells',
    when: (_, context) => !context.browser,
  }),
  rule('compresses-file', ['Write', 0.8], {
    verbs: 'compress',
    objects: 'image images file files video videos pdf folder',
  }),
  rule('cuts-media', ['Write', 0.9], {
    verbs: 'extract convert transcode',
    when: (act) => media.has(act.head),
  }),
  rule('takes-back', ['Write', 1], {
    verbs: 'remove clear undo take',
    when: (act, context) => {
      const after = context.description.slice(act.end, act.end + 60);
      return [...context.own].some(isUndoing) || fromTrash.test(after);
    },
  }),
  rule('adds-or-removes-mark', ['Write', 0.9], {
    verbs: 'remove',
    objects: `tag tags label labels assignee assignees star like reaction bookmark favorite
      favourite watcher attendee attendees reviewer reviewers`,
    when: (act) => act.role === 'joined',
  }),
  rule('types-into-terminal', ['Execute', 1], {
    verbs: 'write send type input paste',
    objects: `text command commands key keys keystroke keystrokes character characters input
      terminal stdin`,
    when: (_, context) => concerns({ objects: context.own }, terminals),
  }),
  rule('attaches-to-program', ['Execute', 0.9], {
    verbs: 'attach detach',
    objects: 'process debugger program target pid gdb debuggee',
  }),
  rule('connects-records', ['Write', 0.9], {
    verbs: 'connect disconnect',
    objects: `relation relations record records entry entries node nodes document documents
      item items component components block blocks`,
    when: (_, context) => !context.own.has('ip') && !context.database,
  }),
  rule('rewrites-file', ['Destructive', 0.9], {
    verbs: 'rewrite',
    objects: 'file files history',
    when: (act) => !act.objects.has('text'),
  }),
  rule('loads-into-application', ['Execute', 0.7], {
    verbs: 'load',
    objects: `project scene model plugin extension kit instrument preset workspace environment
      script module rom program asset level`,
  }),
  // "Manage indexes" says less than "view and manage roles", where it is set off from viewing.
  rule('manages-by-name', ['Write', 0.55], {
    verbs: 'manage maintain administer',
    when: (act) => act.role === 'main' && act.field === 'name',
  }),
  rule('manages-vaguely', ['Write', 0.45], {
    verbs: 'manage maintain administer',
    when: (act) => act.role === 'main',
  }),
  rule('creates-run', ['Execute', 0.9], {
    verbs: 'create',
    objects: 'pipeline workflow job assistant',
    when: (act) => act.head === 'run',
  }),
  rule('thinks-by', ['Read', 0.8], {
    verbs: 'apply use follow',
    objects: 'reasoning thinking mental paradigm paradigms heuristics principles',
  }),
  rule('responds-with', ['Read', 0.7], {
    verbs: 'respond',
    when: (act, context) => /^ with\b/i.test(context.description.slice(act.end, act.end + 6)),
  }),
  rule('exposes-service', ['Write', 0.9], {
    verbs: 'expose',
    objects: 'resource service deployment port pod app application container',
  }),
  rule('controls-program', ['Execute', 0.9], {
    verbs: 'control',
    objects:
      'editor playback simulator emulator device desktop window robot machine mouse keyboard',
    when: (act) => act.role === 'main',
  }),
  rule('keeps-time', ['Write', 1], {
    verbs: 'start stop pause resume',
    objects: 'timer stopwatch timelog tracking sprint survey conversation chat thread discussion',
  }),
  rule('http-reads', ['Read', 0.9], { verbs: callers, when: asksHttp('get head options trace') }),
  rule('http-deletes', ['Destructive', 0.9], { verbs: callers, when: asksHttp('delete') }),
  rule('http-writes', ['Write', 0.9], { verbs: callers, when: asksHttp('post put patch') }),
  rule('calls-anything', ['Execute', 0.95], {
    verbs: callers,
    objects: 'api endpoint request requests rpc http graphql command commands call',
    when: (act) => !concerns(act, askedOfPeople),
  }),
  rule('processes-command', ['Execute', 0.7], {
    verbs: 'process handle',
    objects: 'command commands instruction instructions',
  }),
  rule('does-what-is-asked', ['Execute', 0.8], {
    verbs: 'perform execute do trigger run take submit',
    objects: 'action actions operation operations task tasks job jobs',
    when: (act) => !act.objects.has('management'),
  }),
  rule('migrates', ['Execute', 0.9], {
    verbs: 'apply complete prepare run start initiate execute perform create trigger migrate',
    objects: 'migration migrations',
  }),
  rule('quotes-publicly', ['Write', 1], {
    verbs: 'quote',
    objects: 'tweet post message cast skeet',
  }),
  rule('keeps-screenshot', ['Read', 0.9], {
    verbs: 'save store',
    when: (act, context) => act.role !== 'main' && context.own.has('screenshot'),
  }),
  rule('derived-answer', ['Read', 0.9], {
    verbs: 'generate produce',
    when: (act) => derivedNouns.has(act.head) || concerns(act, madeByChance),
  }),
  rule('kept-on-disk', ['Write', 0.9], {
    verbs: 'download render',
    when: (_, context) => toDisk.test(context.description),
  }),
  rule('records-occurrence', ['Write', 0.9], {
    verbs: 'track capture',
    objects: 'event events expense expenses habit signup conversion note thought idea lead',
  }),
  rule('reports-to-people', ['Write', 1], {
    verbs: 'report',
    objects: 'issue problem bug incident abuse spam feedback outcome error user problems',
  }),
  rule('turns-into-record', ['Write', 1], {
    verbs: 'convert transform',
    objects: 'conversation ticket lead opportunity contact issue draft task tasks discussion',
  }),
  rule('settles-case', ['Write', 1], {
    verbs: 'resolve',
    objects: `thread issue ticket alert incident comment conflict discussion annotation error
      finding case conversation request dispute problem`,
  }),
  rule('view-reset', ['Execute', 0.8], {
    verbs: 'reset clear remove',
    objects: `zoom viewport selection input field filter filters highlight view focus location
      orientation`,
    when: (act, context) => act.verb !== 'remove' || (context.browser && act.objects.has('focus')),
  }),
  rule('frees-resources', ['Execute', 0.7], {
    verbs: 'cleanup clean release free',
    objects: 'resource resources memory',
    when: (act) => act.role !== 'main',
  }),
  rule('reworks-media', ['Write', 0.8], {
    verbs: 'clean remove strip trim cut reset clear',
    objects: 'background noise watermark silence video audio image',
  }),
  rule('builds-software', ['Execute', 0.9], {
    verbs: 'build',
    objects: `image docker project app application package binary target solution workspace
      module container apk site website code crate xcode scheme ios android pipeline gradle
      maven cargo frontend artifact build job jobs`,
  }),
  rule('builds-something', ['Execute', 0.9], {
    verbs: 'build',
    when: (act) => act.objects.size === 0,
  }),
  rule('builds-thing', ['Write', 0.7], { verbs: 'build' }),
];

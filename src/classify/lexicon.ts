import type { Category } from '../policy/request.ts';

/** A verb's usual meaning: the category it speaks for, and how sure it is (0 to 1). */
export interface VerbSense {
  readonly category: Category;
  readonly strength: number;
}

// What a verb says when nothing beside it says more. Three strengths: a verb that can hardly mean
// anything else (1), one that usually means it (0.7), one that other words easily outweigh (0.4).
const verbLists: readonly (readonly [Category, number, string])[] = [
  [
    'Read',
    1,
    `get list search enrich consult autocomplete hget hgetall find fetch retrieve read
    show view describe lookup count compare calculate compute validate verify preview inspect
    browse discover detect identify estimate summarize summarise extract explain diff peek
    enumerate obtain query check analyze analyse examine forecast predict recommend suggest
    classify grade score rank lint simulate dryrun whatif diagnose assess explore determine
    locate translate poll echo decode encode parse convert geocode whois ping introspect
    screenshot grep tail glob retrive tokenize profile audit scrape crawl investigate backtest
    transcribe ocr visualize aggregate paginate filter sort head ls obtener listar buscar
    consultar recuperar mostrar leer obter llen hlen scard zcard strlen lrange smembers zrange hkeys
    hvals hmget mget ttl xrange xlen recherche lire afficher holen suchen anzeigen abrufen`,
  ],
  [
    'Read',
    0.7,
    `return display export monitor track watch observe review resolve render format
    transform normalize measure survey map match correlate cluster research think reason ask
    answer plan quote see report download trace debug provide look know tell decompile
    disassemble hash benchmark convertir scan help evaluate decompose print compress optimize
    solve lemmatize highlight chunk deduplicate dedupe escape minify beautify prettify
    tldr outline brainstorm critique reflect proofread rephrase paraphrase rewrite collect
    gather load learn study understand interpret judge guess choose pick offer give contain
    who recall visit hello greet vectorize ground infer distill simplify discoverable
    capture sample percentile sum subtract multiply divide average round differentiate factor
    sequence align blast encrypt decrypt probe snapshot dump cat concatenate capitalize enhance trim
    recognize recognise reveal receive indicate obfuscate stream conduct interpolate
    roll refine polish anonymize anonymise standardize standardise`,
  ],
  ['Read', 0.4, `take expose access support help demonstrate let allow include`],
  [
    'Write',
    1,
    `create add insert update edit modify save write append upsert patch rename upload
    publish post reply comment assign unassign tag untag label register invite configure archive
    unarchive restore commit schedule reschedule attach detach store remember memorize reopen
    duplicate clone fork import put pin unpin star unstar follow unfollow like unlike bookmark
    annotate change adjust set setup init initialize initialise scaffold bootstrap login logout
    authenticate authorize signup subscribe unsubscribe mark unmark send email tweet notify
    enable disable toggle approve reject decline accept dismiss acknowledge ack resend promote
    demote merge rebase stash stage unstage push relabel reorder move copy replace transition
    provision generate mute unmute snooze silence activate deactivate reactivate unpublish
    submit share unshare vote upvote downvote react crear actualizar anadir agregar guardar
    favorite unfavorite favourite unfavourite relocate remap reroute restrict recover overlay
    enviar criar atualizar adicionar modificar editar ajouter creer erstellen aktualisieren
    hinzufugen speichern chmod chown mkdir mv cp lpush rpush sadd zadd hset hmset mset
    setex setnx incr decr incrby decrby xadd`,
  ],
  [
    'Write',
    0.7,
    `make manage maintain administer log record enroll compose draft index ingest sync
    synchronize link unlink join leave close complete finish finalize split group
    ungroup crop resize reprioritize prioritize rotate design apply customize extend increase
    decrease increment decrement raise lower establish instantiate define declare introduce
    embed associate dissociate bind unbind allocate release claim delegate escalate request
    populate seed grant allow deny block unblock ban unban lock unlock suspend unsuspend switch
    backup stamp message chat dm broadcast announce feedback upgrade downgrade renew
    transfer checkin checkpoint persist cache refactor fix repair correct improve redact mask
    animate paint draw sketch plot redirect forward unarchive hide unhide crosspost migrate
    onboard propose file lodge triage remind alert whitelist blacklist pair unpair nominate
    endorse plant reindex model sculpt extrude bake texture refresh zip unzip memo note document
    organize rearrange end select revert confirm integrate award protect unprotect override
    watermark speak say narrate reimagine voice dub shorten enforce swap bridge rate isolate
    contribute autofix enqueue dequeue gen synthesize undelegate imagine expand alter
    deliver respond revise bump rekey disassociate arrange unseal mint color colour assume
    censor timeout outpaint inpaint upscale colorize stylize`,
  ],
  ['Write', 0.4, `ensure combine sign prepare handle control process customise perform new`],
  [
    'Execute',
    1,
    `run execute exec eval invoke shell trigger start stop restart reboot launch deploy
    redeploy install reinstall click doubleclick press hover drag swipe tap scroll navigate
    spawn relaunch recreate rerun orchestrate automate bruteforce exploit fuzz attack inject
    dispatch shutdown boot actuate hibernate unpause pause resume play wakeup ejecutar executar
    iniciar detener executer ausfuhren starten rebuild compile goto halt keypress hotkey sudo
    ssh redo autofill dial train finetune undeploy hijack spoof crack`,
  ],
  [
    'Execute',
    0.7,
    `build call connect disconnect pull fill type wait sleep book reserve order rollback
    drive operate interact retry abort interrupt scale drain cordon cancel continue zoom focus
    blur mount unmount flash reload power skip seek shuffle fire emit instruct command proxy
    forge handoff place rescue quit exit minimize maximize recycle impersonate undo rollout
    signal deallocate fly walk jump teleport engage assemble test turn open expect serve`,
  ],
  ['Execute', 0.4, `do initiate work next previous prev step prompt`],
  [
    'Destructive',
    1,
    `delete remove drop destroy purge dispose wipe erase truncate revoke terminate
    uninstall prune cleanup expunge trash overwrite forcepush nuke obliterate annihilate
    teardown reset clear eliminar borrar remover excluir apagar supprimer loschen del rm rmdir
    unregister deregister batchdelete flush burn decommission unprovision discard invalidate
    kill lpop rpop spop hdel srem zrem flushdb flushall`,
  ],
  ['Destructive', 0.7, `clean forget expire empty evict void wash kick expel strip cut`],
  [
    'Financial',
    1,
    `pay refund purchase buy sell withdraw payout reimburse donate prepay repay invoice
    disburse liquidate borrow lend unstake overpay pagar comprar vender bezahlen payer`,
  ],
  [
    'Financial',
    0.7,
    `charge deposit stake trade bid bet wager tip checkout topup debit settle hedge redeem collateralize`,
  ],
];

/** Every verb that the classifier knows, by its base form. */
export const verbs: ReadonlyMap<string, VerbSense> = new Map(
  verbLists
    .toReversed()
    .flatMap(([category, strength, list]) =>
      words(list).map((verb) => [verb, { category, strength }] as const),
    ),
);

/** Verbs that are as often nouns in a tool's name or inside a description's list of things. */
export const nounish: ReadonlySet<string> = new Set(
  words(`query post comment label tag log record note document report review test plan order
    book quote trade swap stake tip bet bid fund charge invoice deposit transfer share link file
    message email chat dm tweet shell alert reply vote like star fork pull push commit merge
    branch release build call type command signal step process request support access use index
    cache store profile audit trace track map match cluster rank rate score grade scan search
    screenshot snapshot sample filter sort group model draft design display view show monitor
    watch research forecast preview whois hash benchmark upload download import export backup
    schedule change update patch set reset checkout signup login logout setup archive claim
    grant block lock switch select control power focus zoom scale play purchase refund payout
    exploit attack fuzz drag press hover tap click swipe scroll start stop run memo feedback pin
    bookmark mark approve sum round average factor sequence diff cut end drop trash burn texture
    paint plot sketch stamp mask seed redirect forward copy move split cleanup bridge plant
    register clone stage stash cancel answer reason guess estimate count lookup mute dump format
    print return read find inject proxy embed contain offer boot train fire kick wash void fill
    help drive fly jump walk yield escape outline highlight clean empty complete open close
    correct cost price triage measure compare check load echo tail ping blast sign reference
    transition render connect address position place tools list work lists survey study debug
    explore collect sleep wait visit undo rollout timeout expand hello who prompt dispatch
    resume compute invite mint color colour stream debit step respond favorite favourite overlay`),
);

/** Of those, the ones that open a name as its verb, whatever noun follows. */
export const usuallyVerbs: ReadonlySet<string> = new Set(
  words(`update change set reset search list read find check show view upload download export
    import start stop run move copy lock archive click press scroll drag load clean open close
    explore connect compare debug print return play hover tap swipe select mark approve register
    claim clone stage stash collect filter fill merge split cancel cleanup empty complete
    estimate lookup switch purge render correct count poll control end`),
);

/** Verbs that change nothing by themselves: they take their meaning from what they are done to. */
export const lightVerbs: ReadonlySet<string> = new Set(
  words(`run execute perform do make conduct apply invoke trigger start launch initiate carry
    complete prepare provide submit request create generate build`),
);

/** Verbs in the company of which money moves: what is created, sent or changed is a debt. */
export const moneyVerbs: ReadonlySet<string> = new Set(
  words(`generate create add make send issue update edit modify cancel void finalize finalise mark
    capture authorize submit accept approve process initiate execute request place post complete
    settle schedule resend confirm trigger resume pause renew upgrade downgrade remind activate
    reactivate open release claim collect dispatch put set change record register perform
    transfer forward start close run broadcast refuse reject sign move`),
);

/** Words after which a verb of the same sentence tells when or why, not what the tool does. */
export const subordinators: ReadonlySet<string> = new Set(
  words(`when if before after once until unless while because since whether so as where why
    how instead rather than e.g eg example like such in order via`),
);

/** Words that turn what follows into something the tool does not do. */
export const negations: ReadonlySet<string> = new Set(
  words(`not no never without cannot can't doesn't don't won't isn't nothing neither nor
    doesnt dont avoid prevent prevents prohibits forbids doesn’t don’t won’t can’t didn't`),
);

/** The sense of a verb, also behind a prefix that keeps its category: "regenerate", "unmerge". */
export function verbSense(word: string): VerbSense | undefined {
  return verbs.get(word) ?? senseBehindPrefix(word);
}

const prefixes = ['re', 'un', 'auto', 'batch', 'bulk'];
const rootUnitsMin = 3;
const undone: VerbSense = { category: 'Write', strength: 0.7 };

function senseBehindPrefix(word: string): VerbSense | undefined {
  const prefix = prefixes.find((each) => word.startsWith(each));
  if (prefix === undefined || word.length < prefix.length + rootUnitsMin) return undefined;
  const sense = verbs.get(word.slice(prefix.length));
  return sense !== undefined && prefix === 'un' ? undone : sense;
}

/** Whether the word is as often a noun. */
export function isNounish(word: string): boolean {
  if (nounish.has(word)) return true;
  const prefixed = word.startsWith('re') || word.startsWith('un');
  return prefixed && !verbs.has(word) && nounish.has(word.slice(2));
}

/** Splits a list of words written over several lines. */
export function words(list: string): string[] {
  return list.split(/\s+/).filter((word) => word !== '');
}

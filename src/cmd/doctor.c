/* ingot doctor: is everything there that a run needs, and does the lake agree with itself? */
#include "cmd/commands.h"
#include "cmd/open.h"
#include "cmd/output.h"

#include "base/os.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum verdict { VERDICT_OK, VERDICT_WARNING, VERDICT_ERROR };

struct doctor {
    struct invocation *inv;
    struct workspace *workspace;
    size_t counts[3];
};

static void report(struct doctor *d, enum verdict verdict, const char *what, const char *format, ...) PRINTF_LIKE(4, 5);

static void report(struct doctor *d, enum verdict verdict, const char *what, const char *format, ...)
{
    static const char *const words[] = {"ok", "warning", "error"};
    static const enum style styles[] = {STYLE_GREEN, STYLE_YELLOW, STYLE_RED};
    struct invocation *inv = d->inv;
    va_list ap;
    va_start(ap, format);
    char *text = arena_vprintf(inv->arena, format, ap);
    va_end(ap);
    d->counts[verdict]++;
    struct buf *out = buf_new(inv->arena, BUF_DEFAULT_MAX);
    if (inv->json) {
        buf_add_char(out, '{');
        json_text_value(out, "check", what);
        json_text_value(out, "verdict", words[verdict]);
        json_text_value(out, "message", text);
        buf_add_str(out, "}\n");
    } else {
        add_styled(out, &inv->out, styles[verdict], words[verdict]);
        buf_printf(out, "%*s  %-8s  %s\n", 7 - (int)strlen(words[verdict]), "", what, text);
    }
    print(inv, "%s", out->p);
}

static void check_engine(struct doctor *d)
{
    const char *version = engine_version();
    Dl_info info;
    if (!version) {
        struct engine *g;
        struct err e = {0};
        if (d->workspace && lazy_engine_get(&d->workspace->engine, &g, &e) != RC_OK)
            report(d, VERDICT_ERROR, "engine", "%s", e.message);
        else
            report(d, VERDICT_ERROR, "engine",
                   "libduckdb.so cannot be loaded; put it next to ingot, or name it by INGOT_DUCKDB");
        return;
    }
    void *handle = dlopen("libduckdb.so", RTLD_LAZY | RTLD_NOLOAD),
         *symbol = handle ? dlsym(handle, "duckdb_library_version") : NULL;
    const char *place = symbol && dladdr(symbol, &info) && info.dli_fname ? info.dli_fname : NULL;
    report(d, VERDICT_OK, "engine", "DuckDB %s%s%s", version, place ? " at " : "", place ? place : "");
    if (handle) dlclose(handle);
}

static void check_temp(struct doctor *d)
{
    struct invocation *inv = d->inv;
    struct err e = {0};
    char *dir;
    struct statvfs fs;
    const char *parent = d->workspace->target->temp_directory;
    if (os_temp_dir(inv->arena, parent, &dir, &e) != RC_OK) {
        report(d, VERDICT_ERROR, "temp", "%s; set TMPDIR, or engine.temp_directory of the target", e.message);
        return;
    }
    int64_t left = statvfs(dir, &fs) == 0 ? (int64_t)fs.f_bavail * (int64_t)fs.f_frsize : -1;
    bool little = left >= 0 && left < (1LL << 30);
    report(d, little ? VERDICT_WARNING : VERDICT_OK, "temp", "temporary files go to %s%s%s%s",
           parent             ? parent
           : getenv("TMPDIR") ? getenv("TMPDIR")
                              : "/tmp",
           left >= 0 ? ", free: " : "", left >= 0 ? bytes_text(inv->arena, left) : "",
           little ? "; large sorts and joins need more" : "");
}

static void check_memory(struct doctor *d)
{
    const struct target *t = d->workspace->target;
    int64_t pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGE_SIZE), machine = pages * size;
    bool much = t->memory_bytes > machine;
    report(d, much ? VERDICT_WARNING : VERDICT_OK, "memory", "%s of %s on this machine%s",
           t->memory_bytes ? bytes_text(d->inv->arena, t->memory_bytes) : "as much as the engine may use by default",
           bytes_text(d->inv->arena, machine), much ? "; engine.memory says more than there is" : "");
}

/* A small object of its own name: written, refused the second time, read, removed. */
static void check_lake(struct doctor *d)
{
    struct storage *s = d->workspace->storage;
    struct err e = {0};
    char id[37];
    os_uuid(id);
    const char *key = arena_printf(d->inv->arena, "_ingot/doctor/%s.txt", id);
    enum put_result first = PUT_UNCLEAR, second = PUT_UNCLEAR;
    enum rc rc = s->ops->put_new(s, key, STR("ingot doctor\n"), &first, &e);
    if (rc == RC_OK) rc = s->ops->put_new(s, key, STR("a second time\n"), &second, &e);
    struct err ignored = {0};
    if (s->ops->remove(s, key, &ignored) != RC_OK)
        report(d, VERDICT_WARNING, "lake", "%s could not be removed: %s", key, ignored.message);
    if (rc != RC_OK)
        report(d, VERDICT_ERROR, "lake", "%s; check that the folder exists on a writable disk and belongs to you",
               e.message);
    else if (first != PUT_WON || second != PUT_TAKEN)
        report(d, VERDICT_ERROR, "lake",
               "%s lets an object be created twice; two runs at once could overwrite each other. Use another "
               "file system",
               d->workspace->lake_root);
    else report(d, VERDICT_OK, "lake", "%s can be written, and creates each object only once", d->workspace->lake_root);
}

static void check_table(struct doctor *d, const struct marker *m, const char *name, bool in_project)
{
    struct storage *s = d->workspace->storage;
    struct err e = {0};
    const struct marked_table *t = marker_table(m, name);
    int64_t newest;
    if (delta_newest_version(s, table_dir(d->inv->arena, name), -1, &newest, &e) != RC_OK)
        report(d, VERDICT_ERROR, "table", "%s: %s", name, e.message);
    else if (!t && newest >= 0)
        report(d, VERDICT_WARNING, "table", "%s is on the lake, but was never published; the next run looks at it",
               name);
    else if (t && newest < 0)
        report(d, VERDICT_ERROR, "table", "%s was published and is no longer there; `ingot run --rebuild %s`", name,
               name);
    else if (t && newest < t->version)
        report(d, VERDICT_ERROR, "table",
               "%s stands at version %lld, and version %lld was published: its log was damaged or restored "
               "from a copy; "
               "`ingot run --rebuild %s`",
               name, (long long)newest, (long long)t->version, name);
    else if (t && newest > t->version)
        report(d, VERDICT_WARNING, "table",
               "%s has version %lld, and %lld is published: a run ended halfway or another tool wrote; the "
               "next run looks at it",
               name, (long long)newest, (long long)t->version);
    else if (t && !in_project)
        report(d, VERDICT_WARNING, "table", "%s is no longer in the project; `ingot drop %s` removes it", name, name);
    else if (t && t->held) report(d, VERDICT_WARNING, "table", "%s is held after a rollback; runs skip it", name);
}

static void check_tables(struct doctor *d)
{
    struct marker *m;
    struct err e = {0};
    size_t before = d->counts[VERDICT_WARNING] + d->counts[VERDICT_ERROR];
    const struct project *p = d->workspace->compiled->project;
    if (lake_log_newest(d->inv->arena, d->workspace->storage, &m, &e) != RC_OK) {
        report(d, VERDICT_ERROR, "log", "%s", e.message);
        return;
    }
    for (size_t i = 0; i < p->n_tables; i++) check_table(d, m, p->tables[i].name, true);
    for (size_t i = 0; i < m->n_tables; i++)
        if (!project_table(p, m->tables[i].name)) check_table(d, m, m->tables[i].name, false);
    if (m->number < 0) report(d, VERDICT_OK, "tables", "nothing is published yet; `ingot run` does it");
    else if (d->counts[VERDICT_WARNING] + d->counts[VERDICT_ERROR] == before)
        report(d, VERDICT_OK, "tables", "%s stand as published (number %lld)",
               counted(d->inv->arena, (int64_t)m->n_tables, "table"), (long long)m->number);
}

static enum rc run(struct invocation *inv, struct err *e)
{
    struct doctor d = {.inv = inv};
    enum rc rc = open_workspace(inv, &d.workspace, e);
    if (rc != RC_OK) {
        d.workspace = NULL;
        report(&d, VERDICT_ERROR, "project", "%s", e->message);
        check_engine(&d);
        e->message[0] = '\0';
        return rc;
    }
    report(&d, VERDICT_OK, "project", "%s in %s, target %s", d.workspace->compiled->project->name,
           d.workspace->compiled->project->dir, d.workspace->target->name);
    check_engine(&d);
    check_memory(&d);
    check_temp(&d);
    check_lake(&d);
    check_tables(&d);
    if (d.counts[VERDICT_ERROR] == 0) return RC_OK;
    err_set(e, RC_DATA, "%s", "");
    return RC_DATA;
}

const struct command doctor_entry = {
    .name = "doctor",
    .usage = "",
    .summary = "checks what a run needs: project, engine, lake, tables",
    .help = "One line for each thing that was looked at: ok, warning or error, and what to do about it. A small\n"
            "object is written to the lake and removed again; nothing else is changed. Exit code 1 if there is "
            "an\n"
            "error.",
    .run = run,
};

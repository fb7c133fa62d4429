/* SPDX-License-Identifier: MIT */
/*
 * config.cpp: reads bench.toml with toml++ into the plain structures of config.h.
 * Errors travel as C++ exceptions inside this file (toml_table.h).
 */
#include "toml_table.h"
#include <cstring>
#include <fnmatch.h>
#include <functional>

namespace
{

using toll::stanzas;
using toll::Table;
using toll::type_name;

constexpr int64_t COUNT_MAX = 1000000000000;

class Loader
{
  public:
    Loader(arena *memory, config *out) : arena_(memory), out_(out)
    {
    }

    void load(const toml::table &root, const std::string &file)
    {
        Table top(root, "", file);
        const toml::table empty;
        const toml::table *run_table = top.take_table("run"), *audit_table = top.take_table("audit");
        const toml::table *structures = top.take_table("structure"), *workloads = top.take_table("workload");
        top.finish();
        Table run(run_table ? *run_table : empty, "run", file);
        load_run(run);
        if (const toml::node *twin = root["run"]["time_twin"].node())
            run_twin_at_ = toll::at(*twin, file);
        Table audit(audit_table ? *audit_table : empty, "audit", file);
        out_->edge_interrupts = static_cast<uint32_t>(audit.take_number("edge_interrupts", 0, 100, 2));
        audit.finish();
        auto structure_list = stanzas(structures, "structure", file);
        out_->structure_count = structure_list.size();
        out_->structures = make<config_structure>(structure_list.size());
        for (size_t i = 0; i < structure_list.size(); i++) {
            Table table(*structure_list[i].second, "structure." + structure_list[i].first, file);
            load_structure(table, structure_list[i].first, out_->structures[i]);
        }
        add_twin();
        auto workload_list = stanzas(workloads, "workload", file);
        out_->workload_count = workload_list.size();
        out_->workloads = make<config_workload>(workload_list.size());
        for (size_t i = 0; i < workload_list.size(); i++) {
            Table table(*workload_list[i].second, "workload." + workload_list[i].first, file);
            load_workload(table, *workload_list[i].second, workload_list[i].first, out_->workloads[i]);
        }
        for (const auto &check : late_checks_)
            check();
    }

  private:
    template <typename T> T *make(size_t count)
    {
        return static_cast<T *>(arena_alloc(arena_, count * sizeof(T)));
    }

    char *copy(const std::string &text)
    {
        return arena_copy(arena_, text.c_str());
    }

    void load_run(Table &run)
    {
        out_->repetitions = static_cast<uint32_t>(run.take_number("repetitions", 1, 10000, 1));
        load_time(run);
        out_->timeout_s = static_cast<uint32_t>(run.take_number("timeout_s", 1, 86400, CONFIG_TIMEOUT_DEFAULT));
        out_->jobs = static_cast<uint32_t>(run.take_number("jobs", 1, 256, 2));
        out_->memory_mib = static_cast<uint32_t>(run.take_number("memory_mib", 16, 65536, CONFIG_MEMORY_DEFAULT));
        out_->machine = copy(run.take_choice("machine", {"microvm", "q35"}));
        out_->cpu = copy(run.take_word("cpu", "max"));
        const std::string network = run.take_choice("network", {"auto", "user", "tap"});
        out_->network = network == "auto"   ? CONFIG_NETWORK_AUTO
                        : network == "user" ? CONFIG_NETWORK_USER
                                            : CONFIG_NETWORK_TAP;
        out_->seed = run.take_number("seed", 0, COUNT_MAX, 1);
        const std::string profile = run.take_word("profile", "");
        out_->profile = profile.empty() ? nullptr : copy(profile);
        const std::string model = run.take_word("model", "none");
        out_->model = model == "none" ? nullptr : copy(model);
        out_->epoch = run.take_number("epoch", 0, 4102444800, 1704067200);
        run.finish();
    }

    /* When the time lane has booted often enough, and where. */
    void load_time(Table &run)
    {
        out_->time_repetitions = static_cast<uint32_t>(run.take_number("time_repetitions", 1, 10000, 30));
        out_->time_repetitions_min = static_cast<uint32_t>(run.take_number(
            "time_repetitions_min", 1, out_->time_repetitions, std::min<int64_t>(10, out_->time_repetitions)));
        out_->time_precision = (run.has("time_precision") ? run.take_amount("time_precision", 0.001, 100) : 1.0) / 100;
        out_->time_budget_s = static_cast<uint32_t>(run.take_number("time_budget_s", 1, 1000000, 3600));
        out_->time_cpu = run.has("time_cpu") ? static_cast<int>(run.take_number("time_cpu", 0, 1023, 0)) : -1;
        run_twin_ = run.take_word("time_twin", "");
    }

    /* One structure's images are booted a second time in the time lane, for the A/A row. */
    void add_twin()
    {
        if (run_twin_ == "none")
            return;
        for (size_t i = 0; i < out_->structure_count; i++) {
            config_structure &structure = out_->structures[i];
            if (!run_twin_at_.empty() ? run_twin_ != structure.name : i > 0)
                continue;
            config_variant &twin = structure.variants[structure.variant_count++];
            twin.name = copy(CONFIG_TWIN);
            twin.time_only = true;
            return;
        }
        throw std::runtime_error(run_twin_at_ + "run.time_twin: there is no structure " + run_twin_ +
                                 "; name one of [structure.NAME], or \"none\"");
    }

    void load_structure(Table &table, const std::string &name, config_structure &out)
    {
        out.name = copy(name);
        out.memory_mib = static_cast<uint32_t>(table.take_number("memory_mib", 16, 65536, out_->memory_mib));
        out.timeout_s = static_cast<uint32_t>(table.take_number("timeout_s", 1, 86400, out_->timeout_s));
        auto names = table.take_words("variants");
        out.variants = make<config_variant>(names.size() + 2);
        for (const auto &[text, node] : names) {
            if (find_variant(out, text))
                table.fail(*node, "variants", "\"" + text + "\" is listed twice; remove one");
            if (text == CONFIG_TWIN)
                table.fail(*node, "variants", "\"" + text + "\" is the second row of run.time_twin; rename it");
            check_image(table, *node, name, text);
            out.variants[out.variant_count++].name = copy(text);
        }
        if (out.variant_count == 0)
            out.variants[out.variant_count++].name = copy("default");
        if (const toml::table *details = table.take_table("variant"))
            load_variants(*details, table.file(), out);
        table.finish();
    }

    /* A word that chooses an image must name one that is built. */
    static void check_image(const Table &table, const toml::node &node, const std::string &name,
                            const std::string &variant)
    {
        if (variant.rfind(CONFIG_BOOKS, 0) != 0)
            return;
        if (variant != CONFIG_BOOKLESS)
            table.fail(node, "variants",
                       "there is no image \"" + variant + "\"; expected \"" CONFIG_BOOKLESS "\", or leave it out");
        if (name == "linux")
            table.fail(node, "variants", "linux keeps no books that could be left out; remove \"" + variant + "\"");
    }

    static config_variant *find_variant(const config_structure &structure, const std::string &name)
    {
        for (size_t i = 0; i < structure.variant_count; i++) {
            if (name == structure.variants[i].name)
                return &structure.variants[i];
        }
        return nullptr;
    }

    /* [structure.NAME.variant."WORD"]: what there is to say about a variant besides its name. */
    void load_variants(const toml::table &details, const std::string &file, const config_structure &structure)
    {
        std::string prefix = std::string("structure.") + structure.name + ".variant";
        Table all(details, prefix, file);
        for (auto &&[key, node] : details) {
            std::string name(key.str());
            config_variant *variant = find_variant(structure, name);
            if (!variant)
                all.fail(node, name,
                         "there is no such variant; add \"" + name + "\" to structure." + structure.name + ".variants");
            Table table(*all.take_table(name), prefix + ".\"" + name + "\"", file);
            variant->no_global = table.take_choice("global_pages", {"kernel", "none"}) == "none";
            for (const auto &[pattern, place] : table.take_choices("on")) {
                strings_add(arena_, &variant->on, pattern.c_str());
                check_pattern_later(table, *place, pattern);
            }
            if (const toml::table *servers = table.take_table("servers"))
                load_servers(table, *servers, structure, *variant);
            table.finish();
        }
    }

    /* servers = { PROGRAM = "SERVER" }: the distribution's, which only its own kernel can run. */
    void load_servers(const Table &table, const toml::table &servers, const config_structure &structure,
                      config_variant &out)
    {
        static const std::vector<std::string> known = {"redis-server", "nginx"};
        if (std::string(structure.name) != "linux")
            table.fail(servers, "servers", "only linux runs programs of the distribution; remove it");
        if (std::string(out.name) == "default")
            table.fail(servers, "servers", "the default runs our own programs; name another variant for it");
        out.servers = make<config_server>(servers.size());
        for (auto &&[key, node] : servers) {
            std::string program(key.str());
            const auto *text = node.as_string();
            if (!text || std::find(known.begin(), known.end(), text->get()) == known.end())
                table.fail(node, "servers." + program,
                           "expected a server that kernels/linux/serve.c knows, \"redis-server\" or \"nginx\", found " +
                               type_name(node) + "; correct it");
            check_program_later(table, node, program);
            out.servers[out.server_count++] = {copy(program), copy(text->get())};
        }
    }

    void check_program_later(const Table &table, const toml::node &node, const std::string &program)
    {
        late_checks_.push_back([this, table, &node, program] {
            for (size_t i = 0; i < out_->workload_count; i++) {
                if (program == out_->workloads[i].program && out_->workloads[i].load)
                    return;
            }
            table.fail(node, "servers." + program,
                       "no workload with a load has this program; correct the name or remove it");
        });
    }

    /* Workloads are read after structures. */
    void check_pattern_later(const Table &table, const toml::node &node, const std::string &pattern)
    {
        late_checks_.push_back([this, table, &node, pattern] {
            for (size_t i = 0; i < out_->workload_count; i++) {
                if (fnmatch(pattern.c_str(), out_->workloads[i].name, 0) == 0)
                    return;
            }
            table.fail(node, "on", "no workload is called " + pattern + "; correct or remove it");
        });
    }

    void check_structure(const Table &table, const toml::node &node, const char *key, const std::string &name)
    {
        std::string all;
        if (config_structure_find(out_, name.c_str()))
            return;
        for (size_t i = 0; i < out_->structure_count; i++)
            all += std::string(i ? ", " : "") + out_->structures[i].name;
        table.fail(node, key, "there is no structure " + name + "; expected one of: " + all);
    }

    static std::string base_of(const std::string &path)
    {
        return path.substr(path.rfind('/') + 1);
    }

    /* All files are in one folder of the disk, whoever wants them: stanzas may share a file, but not a name. */
    void load_files(Table &table, config_workload &out)
    {
        for (const auto &[path, node] : table.take_words("files")) {
            std::string base = base_of(path);
            if (base.empty())
                table.fail(*node, "files", "expected the path of a file, found " + path + "; name a file");
            for (const config_workload *other = out_->workloads; other <= &out; other++) {
                for (size_t i = 0; i < other->files.count; i++) {
                    if (base == base_of(other->files.items[i]) && (other == &out || path != other->files.items[i]))
                        table.fail(*node, "files", "two files are called " + base + "; rename one of them");
                }
            }
            strings_add(arena_, &out.files, path.c_str());
        }
    }

    static bool is_listed(const config_workload &workload, const char *structure)
    {
        for (size_t i = 0; i < workload.on.count; i++) {
            if (strcmp(workload.on.items[i], structure) == 0)
                return true;
        }
        return false;
    }

    void load_refusals(Table &table, const std::string &name, config_workload &out)
    {
        const toml::table *reasons = table.take_table("without");
        if (!reasons)
            return;
        out.refusals = make<config_refusal>(out_->structure_count);
        for (auto &&[key, node] : *reasons) {
            std::string structure(key.str());
            check_structure(table, node, "without", structure);
            if (is_listed(out, structure.c_str()))
                table.fail(node, "without." + structure,
                           structure + " is listed in `on` as well; remove it from one of them");
            if (!node.is_string() || node.as_string()->get().empty())
                table.fail(node, "without." + structure,
                           "expected the reason as a text, found " + type_name(node) + "; say why " + structure +
                               " cannot do " + name);
            out.refusals[out.refusal_count++] = {copy(structure), copy(node.as_string()->get())};
        }
    }

    /* One reason for all structures that are not in `on` and have none of their own. */
    void load_elsewhere(Table &table, const toml::table &stanza, config_workload &out)
    {
        const std::string reason = table.take_text("elsewhere");
        if (reason.empty())
            return;
        if (out.on.count == 0)
            throw std::runtime_error(
                toll::at(stanza, table.file()) + "workload." + out.name +
                ".elsewhere: it speaks of structures that are not in `on`; add `on`, or remove it");
        if (!out.refusals)
            out.refusals = make<config_refusal>(out_->structure_count);
        for (size_t s = 0; s < out_->structure_count; s++) {
            char *structure = out_->structures[s].name;
            if (!is_listed(out, structure) && !config_refusal_find(&out, structure))
                out.refusals[out.refusal_count++] = {structure, copy(reason)};
        }
    }

    /* A request of the mix: "TEXT", or { text = "TEXT", weight = N }. */
    config_request load_request(const Table &table, const toml::node &node, config_protocol protocol)
    {
        config_request out = {nullptr, 1};
        const toml::node *text = &node;
        if (node.is_table()) {
            Table one(*node.as_table(), table.name() + ".requests", table.file());
            out.weight = static_cast<uint32_t>(one.take_number("weight", 1, 1000000, 1));
            one.take_text("text");
            one.finish();
            text = node.as_table()->get("text");
        }
        if (!text || !text->is_string() || text->as_string()->get().empty() || text->as_string()->get().size() > 500)
            table.fail(text ? *text : node, "requests",
                       "expected a request as a text of at most 500 bytes, or { text = \"...\", weight = N }");
        const std::string words = text->as_string()->get();
        if (protocol == CONFIG_HTTP && words.rfind("GET /", 0) != 0 && words.rfind("HEAD /", 0) != 0)
            table.fail(*text, "requests", "expected \"GET /PATH\" or \"HEAD /PATH\", found \"" + words + "\"");
        out.text = copy(words);
        return out;
    }

    void load_requests(Table &table, const toml::table &stanza, config_clients &out)
    {
        const toml::node *list = table.has("requests") ? stanza.get("requests") : nullptr;
        const bool asked = out.protocol == CONFIG_RESP || out.protocol == CONFIG_HTTP;
        if (!asked && list)
            table.fail(*list, "requests", "this protocol knows one request only; remove it");
        if (!asked)
            return;
        if (!list || !list->is_array() || list->as_array()->empty())
            throw std::runtime_error(toll::at(list ? *list : stanza, table.file()) + table.name() +
                                     ".requests: expected a list of requests; write requests = [\"...\"]");
        out.requests = make<config_request>(list->as_array()->size());
        for (const toml::node &node : *list->as_array())
            out.requests[out.request_count++] = load_request(table, node, out.protocol);
    }

    /* What only one protocol knows. */
    void load_sizes(Table &table, config_clients &out)
    {
        constexpr int64_t most = 16 << 20;
        if (out.protocol == CONFIG_RESP) {
            out.keys = static_cast<uint32_t>(table.take_number("keys", 0, 10000000, 0));
            out.value_bytes = static_cast<uint32_t>(table.take_number("value_bytes", 0, 1 << 20, 0));
        } else if (out.protocol == CONFIG_STREAM) {
            out.bytes_in = static_cast<uint32_t>(table.take_number("bytes_in", 0, most, 0));
            out.bytes_out = static_cast<uint32_t>(table.take_number("bytes_out", 0, most, 0));
        } else {
            const bool echo = out.protocol == CONFIG_ECHO;
            out.bytes =
                static_cast<uint32_t>(table.take_number("bytes", echo ? 1 : 0, out.udp ? 1472 : most, echo ? 64 : 0));
        }
    }

    /* [workload.NAME.load] */
    void load_load(const toml::table &stanza, const std::string &name, const std::string &file, config_workload &out)
    {
        static const char *const names[] = {"echo", "resp", "http", "stream"};
        Table table(stanza, "workload." + name + ".load", file);
        config_clients &load = *make<config_clients>(1);
        const std::string protocol = table.take_choice("protocol", {names, names + 4});
        while (protocol != names[load.protocol])
            load.protocol = static_cast<config_protocol>(load.protocol + 1);
        load.udp = table.take_choice("transport", {"tcp", "udp"}) == "udp";
        if (load.udp && load.protocol != CONFIG_ECHO)
            table.fail(*stanza.get("transport"), "transport", "only echo is spoken over udp; remove it");
        load.at_once = table.take_choice("arrival", {"idle", "at_once"}) == "at_once";
        load.port = static_cast<uint32_t>(table.take_number("port", 0, 65535, 0));
        load.connections = static_cast<uint32_t>(table.take_number("connections", 1, 5000, 1));
        load.pipeline = static_cast<uint32_t>(table.take_number("pipeline", 1, 1024, 1));
        load_sizes(table, load);
        load_requests(table, stanza, load);
        table.finish();
        if (load.value_bytes && out.warm < load.keys)
            throw std::runtime_error(toll::at(stanza, file) + "workload." + name + ".load.keys: the first " +
                                     std::to_string(load.keys) +
                                     " requests set these keys, so `warm` must not be less");
        out.load = &load;
    }

    void load_workload(Table &table, const toml::table &stanza, const std::string &name, config_workload &out)
    {
        out.name = copy(name);
        out.program = copy(table.take_name("program", name));
        out.ops = table.take_number("ops", 1, COUNT_MAX, 1000);
        out.warm = table.take_number("warm", 0, COUNT_MAX, 0);
        if (table.has("repeats_within"))
            out.repeats_within = table.take_amount("repeats_within", 0.01, 10);
        for (const auto &[text, node] : table.take_words("args")) {
            if (text.find('=') == std::string::npos || text == "+")
                table.fail(*node, "args", "expected words key=value, found \"" + text + "\"; add =VALUE");
            strings_add(arena_, &out.args, text.c_str());
        }
        const std::string sync = table.take_choice("sync", {"none", "interval", "commit"});
        if (table.has("sync"))
            strings_add(arena_, &out.args, ("sync=" + sync).c_str());
        if (sync != "none")
            strings_add(arena_, &out.args, "dir=.");
        if (const toml::table *load = table.take_table("load"))
            load_load(*load, name, table.file(), out);
        load_files(table, out);
        for (const auto &[text, node] : table.take_choices("on")) {
            check_structure(table, *node, "on", text);
            strings_add(arena_, &out.on, text.c_str());
        }
        load_refusals(table, name, out);
        load_elsewhere(table, stanza, out);
        table.finish();
        if (out.refusal_count == out_->structure_count)
            throw std::runtime_error(toll::at(stanza, table.file()) + "workload." + name +
                                     ": no structure is left that runs it; remove one from `without`, or the stanza");
    }

    arena *arena_;
    config *out_;
    std::vector<std::function<void()>> late_checks_;
    std::string run_twin_, run_twin_at_; /* at_: where it stands in the file; empty if it is not given */
};

} // namespace

extern "C" int config_load(struct arena *arena, const char *path, struct config *out, struct error *error)
{
    std::memset(out, 0, sizeof(*out));
    out->path = arena_copy(arena, path);
    return toll::read_file(
        arena, path, "name another file with --config", error,
        [&](const toml::table &root, const std::string &file) { Loader(arena, out).load(root, file); });
}

/* SPDX-License-Identifier: MIT */
/*
 * config.cpp: reads bench.toml with toml++ into the plain structures of config.h.
 *
 * Errors travel as C++ exceptions inside this file (toml_table.h) and leave it as a struct error.
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
            load_workload(table, workload_list[i].first, out_->workloads[i]);
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
        out_->time_precision = (run.has("time_precision") ? run.take_amount("time_precision", 0, 100) : 1.0) / 100;
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
            out.variants[out.variant_count++].name = copy(text);
        }
        if (out.variant_count == 0)
            out.variants[out.variant_count++].name = copy("default");
        if (const toml::table *details = table.take_table("variant"))
            load_variants(*details, table.file(), out);
        table.finish();
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
            for (const auto &[pattern, place] : table.take_words("on")) {
                strings_add(arena_, &variant->on, pattern.c_str());
                check_pattern_later(table, *place, pattern);
            }
            table.finish();
        }
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

    void load_files(Table &table, config_workload &out)
    {
        for (const auto &[path, node] : table.take_words("files")) {
            std::string base = path.substr(path.rfind('/') + 1);
            if (base.empty())
                table.fail(*node, "files", "expected the path of a file, found " + path + "; name a file");
            for (size_t i = 0; i < out.files.count; i++) {
                const char *slash = strrchr(out.files.items[i], '/');
                if (base == (slash ? slash + 1 : out.files.items[i]))
                    table.fail(*node, "files", "two files are called " + base + "; rename one of them");
            }
            strings_add(arena_, &out.files, path.c_str());
        }
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
            if (!node.is_string() || node.as_string()->get().empty())
                table.fail(node, "without." + structure,
                           "expected the reason as a text, found " + type_name(node) + "; say why " + structure +
                               " cannot do " + name);
            out.refusals[out.refusal_count++] = {copy(structure), copy(node.as_string()->get())};
        }
    }

    /* One reason for all structures that are not in `on` and have none of their own. */
    void load_elsewhere(Table &table, config_workload &out)
    {
        const std::string reason = table.take_text("elsewhere");
        if (reason.empty())
            return;
        if (!out.refusals)
            out.refusals = make<config_refusal>(out_->structure_count);
        for (size_t s = 0; s < out_->structure_count; s++) {
            char *structure = out_->structures[s].name;
            bool listed = out.on.count == 0;
            for (size_t i = 0; i < out.on.count; i++)
                listed |= strcmp(out.on.items[i], structure) == 0;
            if (!listed && !config_refusal_find(&out, structure))
                out.refusals[out.refusal_count++] = {structure, copy(reason)};
        }
    }

    void load_workload(Table &table, const std::string &name, config_workload &out)
    {
        out.name = copy(name);
        out.program = copy(table.take_name("program", name));
        out.ops = table.take_number("ops", 1, COUNT_MAX, 1000);
        out.warm = table.take_number("warm", 0, COUNT_MAX, 0);
        for (const auto &[text, node] : table.take_words("args")) {
            if (text.find('=') == std::string::npos || text == "+")
                table.fail(*node, "args", "expected words key=value, found \"" + text + "\"; add =VALUE");
            strings_add(arena_, &out.args, text.c_str());
        }
        load_files(table, out);
        for (const auto &[text, node] : table.take_words("on")) {
            check_structure(table, *node, "on", text);
            strings_add(arena_, &out.on, text.c_str());
        }
        load_refusals(table, name, out);
        load_elsewhere(table, out);
        table.finish();
    }

    arena *arena_;
    config *out_;
    std::vector<std::function<void()>> late_checks_;
    std::string run_twin_, run_twin_at_; /* at_: where it stands in the file; empty if it is not given */
};

} // namespace

extern "C" int config_load(struct arena *arena, const char *path, struct config *out, struct error *error)
{
    try {
        std::string file = path;
        toml::table root = toml::parse_file(file);
        std::memset(out, 0, sizeof(*out));
        out->path = arena_copy(arena, path);
        Loader(arena, out).load(root, file);
        return 0;
    } catch (const toml::parse_error &problem) {
        const auto &begin = problem.source().begin;
        std::string what(problem.description());
        if (begin.line == 0)
            return error_set(error, TOLL_USAGE, "%s: %s; name another file with --config", path, what.c_str());
        return error_set(error, TOLL_USAGE, "%s:%u:%u: %s; see https://toml.io for the syntax", path,
                         static_cast<unsigned>(begin.line), static_cast<unsigned>(begin.column), what.c_str());
    } catch (const std::exception &problem) {
        return error_set(error, TOLL_USAGE, "%s", problem.what());
    }
}

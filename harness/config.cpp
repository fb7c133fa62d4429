/* SPDX-License-Identifier: MIT */
/*
 * config.cpp: reads bench.toml with toml++ into the plain structures of config.h.
 *
 * A Table wraps one TOML table: each take_* looks one key up, checks its type and range and remembers its name;
 * finish() then refuses every key that nobody asked for.  Errors travel as C++ exceptions inside this file and
 * leave it as a struct error.
 */
#include "config.h"
#include <algorithm>
#include <cstring>
#include <fnmatch.h>
#include <functional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <toml++/toml.h>
#include <vector>

namespace
{

constexpr int64_t COUNT_MAX = 1000000000000;

std::string at(const toml::node &node, const std::string &path)
{
    std::ostringstream text;
    text << path << ':' << node.source().begin.line << ':' << node.source().begin.column << ": ";
    return text.str();
}

std::string type_name(const toml::node &node)
{
    switch (node.type()) {
    case toml::node_type::integer:
        return "the number " + std::to_string(node.as_integer()->get());
    case toml::node_type::string:
        return "the text \"" + node.as_string()->get() + "\"";
    case toml::node_type::floating_point:
        return "a number with a fraction";
    case toml::node_type::boolean:
        return "true or false";
    case toml::node_type::table:
        return "a table";
    case toml::node_type::array:
        return "a list";
    default:
        return "something else";
    }
}

/* A word that can be an argument of a program on a kernel's command line. */
bool is_word(const std::string &text)
{
    return !text.empty() &&
           std::all_of(text.begin(), text.end(), [](unsigned char c) { return c > 32 && c < 127 && c != '"'; });
}

bool is_name(const std::string &text)
{
    return !text.empty() && text.size() < 64 &&
           std::all_of(text.begin(), text.end(), [](unsigned char c) { return isalnum(c) || c == '_' || c == '-'; });
}

class Table
{
  public:
    Table(const toml::table &table, std::string name, const std::string &file)
        : table_(table), name_(std::move(name)), file_(file)
    {
    }

    [[noreturn]] void fail(const toml::node &node, const std::string &key, const std::string &what) const
    {
        throw std::runtime_error(at(node, file_) + full(key) + ": " + what);
    }

    uint64_t take_number(const std::string &key, int64_t low, int64_t high, int64_t fallback)
    {
        const toml::node *node = take(key);
        if (!node)
            return static_cast<uint64_t>(fallback);
        const auto *number = node->as_integer();
        if (!number || number->get() < low || number->get() > high)
            fail(*node, key,
                 "expected a whole number from " + std::to_string(low) + " to " + std::to_string(high) + ", found " +
                     type_name(*node) + "; write for example " + key + " = " + std::to_string(fallback));
        return static_cast<uint64_t>(number->get());
    }

    std::string take_choice(const std::string &key, const std::vector<std::string> &choices)
    {
        std::string all;
        const toml::node *node = take(key);
        if (!node)
            return choices.front();
        for (const auto &choice : choices) {
            all += (all.empty() ? "\"" : "\", \"") + choice;
            if (node->is_string() && node->as_string()->get() == choice)
                return choice;
        }
        fail(*node, key, "expected one of " + all + "\", found " + type_name(*node) + "; choose one of them");
    }

    std::string take_word(const std::string &key, const std::string &fallback)
    {
        const toml::node *node = take(key);
        if (!node)
            return fallback;
        return word(*node, key);
    }

    /* Any text; empty if there is none. */
    std::string take_text(const std::string &key)
    {
        const toml::node *node = take(key);
        if (!node)
            return "";
        if (!node->is_string() || node->as_string()->get().empty())
            fail(*node, key, "expected a text, found " + type_name(*node) + "; say it in words");
        return node->as_string()->get();
    }

    std::string take_name(const std::string &key, const std::string &fallback)
    {
        const toml::node *node = take(key);
        if (!node)
            return fallback;
        if (!node->is_string() || !is_name(node->as_string()->get()))
            fail(*node, key,
                 "expected a name of letters, digits, _ and -, found " + type_name(*node) +
                     "; name a file of workloads/ without its .c");
        return node->as_string()->get();
    }

    /* Each element with the place where it stands, for checks that come later. */
    std::vector<std::pair<std::string, const toml::node *>> take_words(const std::string &key)
    {
        std::vector<std::pair<std::string, const toml::node *>> words;
        const toml::node *node = take(key);
        if (!node)
            return words;
        if (!node->is_array())
            fail(*node, key, "expected a list of texts, found " + type_name(*node) + "; write " + key + " = [\"...\"]");
        for (const toml::node &element : *node->as_array())
            words.emplace_back(word(element, key), &element);
        return words;
    }

    const toml::table *take_table(const std::string &key)
    {
        const toml::node *node = take(key);
        if (node && !node->is_table())
            fail(*node, key, "expected a table, found " + type_name(*node) + "; write [" + full(key) + "]");
        return node ? node->as_table() : nullptr;
    }

    /* Refuses the keys that were never asked for. */
    void finish() const
    {
        std::vector<const char *> names;
        for (const auto &key : known_)
            names.push_back(key.c_str());
        for (auto &&[key, node] : table_) {
            std::string text(key.str());
            if (std::find(known_.begin(), known_.end(), text) != known_.end())
                continue;
            const char *near = config_suggest(text.c_str(), names.data(), names.size());
            std::string all;
            for (const auto &name : known_)
                all += (all.empty() ? "" : ", ") + name;
            std::ostringstream place;
            place << file_ << ':' << key.source().begin.line << ':' << key.source().begin.column << ": ";
            throw std::runtime_error(place.str() + full(text) + ": unknown key; expected one of: " + all +
                                     (near ? std::string("; did you mean ") + near + "?" : "; remove it"));
        }
    }

    const std::string &file() const
    {
        return file_;
    }

  private:
    const toml::node *take(const std::string &key)
    {
        known_.push_back(key);
        return table_.get(key);
    }

    std::string word(const toml::node &node, const std::string &key) const
    {
        if (!node.is_string() || !is_word(node.as_string()->get()))
            fail(node, key,
                 "expected a text without blanks or quotes, found " + type_name(node) +
                     "; it becomes a word of a command line");
        return node.as_string()->get();
    }

    std::string full(const std::string &key) const
    {
        return name_.empty() ? key : name_ + "." + key;
    }

    const toml::table &table_;
    std::string name_;
    const std::string &file_;
    std::vector<std::string> known_;
};

/* The stanzas of a table of tables in the order in which the file has them. */
std::vector<std::pair<std::string, const toml::table *>> stanzas(const toml::table *all, const std::string &name,
                                                                 const std::string &file)
{
    std::vector<std::pair<std::string, const toml::table *>> list;
    if (!all || all->empty())
        throw std::runtime_error(file + ":1:1: " + name + ": expected at least one stanza; write [" + name + ".NAME]");
    for (auto &&[key, node] : *all) {
        std::string text(key.str());
        if (!node.is_table())
            throw std::runtime_error(at(node, file) + name + "." + text + ": expected a table, found " +
                                     type_name(node) + "; write [" + name + "." + text + "]");
        if (!is_name(text))
            throw std::runtime_error(at(node, file) + name + "." + text +
                                     ": expected a name of letters, digits, _ and -; rename it");
        list.emplace_back(text, node.as_table());
    }
    std::stable_sort(list.begin(), list.end(), [](const auto &a, const auto &b) {
        return a.second->source().begin.line < b.second->source().begin.line;
    });
    return list;
}

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
        out_->time_repetitions = static_cast<uint32_t>(run.take_number("time_repetitions", 1, 10000, 10));
        out_->timeout_s = static_cast<uint32_t>(run.take_number("timeout_s", 1, 86400, CONFIG_TIMEOUT_DEFAULT));
        out_->jobs = static_cast<uint32_t>(run.take_number("jobs", 1, 256, 2));
        out_->memory_mib = static_cast<uint32_t>(run.take_number("memory_mib", 16, 65536, CONFIG_MEMORY_DEFAULT));
        out_->machine = copy(run.take_choice("machine", {"microvm", "q35"}));
        out_->cpu = copy(run.take_word("cpu", "max"));
        out_->seed = run.take_number("seed", 0, COUNT_MAX, 1);
        out_->epoch = run.take_number("epoch", 0, 4102444800, 1704067200);
        run.finish();
    }

    void load_structure(Table &table, const std::string &name, config_structure &out)
    {
        out.name = copy(name);
        out.memory_mib = static_cast<uint32_t>(table.take_number("memory_mib", 16, 65536, out_->memory_mib));
        out.timeout_s = static_cast<uint32_t>(table.take_number("timeout_s", 1, 86400, out_->timeout_s));
        auto names = table.take_words("variants");
        out.variants = make<config_variant>(names.size() + 1);
        for (const auto &[text, node] : names) {
            if (find_variant(out, text))
                table.fail(*node, "variants", "\"" + text + "\" is listed twice; remove one");
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

"""Templates of our own that use what published chat templates use. (name, source, conversations, extra variables)"""

CHATS = ["one", "system", "turns", "tools"]
ONE = ["one"]

TEMPLATES = [
    ("chatml", """{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\\n' + (m['content'] or '') + '<|im_end|>' + '\\n' }}{% endfor %}
{% if add_generation_prompt %}
{{ '<|im_start|>assistant\\n' }}
{% endif %}
""", CHATS, None),
    ("alternating", """{{ bos_token }}
{%- if messages[0]['role'] == 'system' -%}
    {%- set first = messages[0]['content'] | trim + '\\n\\n' -%}
    {%- set rest = messages[1:] -%}
{%- else -%}
    {%- set first = '' -%}
    {%- set rest = messages -%}
{%- endif -%}
{%- for m in rest -%}
    {%- if (m['role'] == 'user') != (loop.index0 % 2 == 0) -%}
        {{ raise_exception("Roles must alternate: " ~ m['role']) }}
    {%- endif -%}
    {%- set role = 'model' if m['role'] == 'assistant' else m['role'] -%}
    {{ '<start_of_turn>' + role + '\\n' + (first if loop.first else '') }}
    {%- if m['content'] is string -%}
        {{ m['content'] | trim }}
    {%- elif m['content'] is iterable -%}
        {%- for part in m['content'] -%}
            {%- if part['type'] == 'image' -%}{{ '<image>' }}
            {%- elif part['type'] == 'text' -%}{{ part['text'] | trim }}{%- endif -%}
        {%- endfor -%}
    {%- else -%}{{ raise_exception('bad content') }}{%- endif -%}
    {{ '<end_of_turn>\\n' }}
{%- endfor -%}
{%- if add_generation_prompt -%}{{ '<start_of_turn>model\\n' }}{%- endif -%}
""", ["one", "system", "turns", "parts", "bad", "none"], None),
    ("thinking", """{%- set ns = namespace(seen=false, last=messages|length - 1, all=[]) %}
{%- for m in messages[::-1] %}
    {%- set index = (messages|length - 1) - loop.index0 %}
    {%- if not ns.seen and m.role == 'user' and not (m.content.startswith('<r>') and m.content.endswith('</r>')) %}
        {%- set ns.seen = true %}{%- set ns.last = index %}
    {%- endif %}
{%- endfor %}
{%- for m in messages %}
    {%- set content = m.content if m.content is string else '' %}
    {%- set thought = '' %}
    {%- if m.thought is defined and m.thought is not none %}{%- set thought = m.thought %}
    {%- elif '</think>' in content %}
        {%- set thought = content.split('</think>')[0].rstrip('\\n').split('<think>')[-1].lstrip('\\n') %}
        {%- set content = content.split('</think>')[-1].lstrip('\\n') %}
    {%- endif %}
    {{- '<|' ~ m.role ~ '|>' }}{{ loop.index0 > ns.last }}{{ [thought, content] }}
    {%- if m.tool_calls %}
        {%- for call in m.tool_calls %}
            {%- if call.function %}{%- set call = call.function %}{%- endif %}
            {{- '\\n<tool_call>\\n{"name": "' + call.name + '", "arguments": ' }}
            {{- call.arguments if call.arguments is string else call.arguments | tojson }}{{- '}' }}
        {%- endfor %}
    {%- endif %}
{% endfor %}
{% if add_generation_prompt and enable_thinking is defined and enable_thinking is false %}<think></think>{% endif %}
""", CHATS, {"enable_thinking": False}),
    ("tool_list", """{%- if tools is defined and tools is not none and tools|length %}
{{- '[TOOLS]' ~ (tools | tojson) ~ '[/TOOLS]' }}
{%- for tool in tools %}
    {%- set tool = tool.function %}

{{ tool.name }}: {{ tool.description | default('nothing', true) }}
    {%- for name, p in (tool.parameters.get('properties') or {}).items() %}

  - {{ name }} ({{ p.type }}{{ ', one of ' ~ p.enum | join('/') if p.enum }}{{ ', required' if name in tool.parameters.required }}) {{ p.get('default', '-') }} {{ p.maximum }}
    {%- endfor %}

{{ tool | tojson(indent=4) }}
{{ tool | tojson(indent=2, sort_keys=true) }}
{{ tool | tojson(separators=(',', ':')) }} {{ tool.description | tojson(ensure_ascii=true) }}
{%- endfor %}
{%- else %}no tools{% endif %}
{%- for m in messages if m.role in ['tool', 'assistant'] %}
{{ loop.index }}/{{ loop.length }} {{ m.role | upper }}{% if m.tool_call_id is defined and m.tool_call_id|length != 9 %}!{% endif %}
{%- for c in m.tool_calls or [] %} {{ c.function.arguments | tojson }} {{ c.function.arguments }} {{ c.id }}{% endfor %}
{% endfor %}
""", CHATS, None),
    ("macros", """{%- macro tag(name, body='', close=true) -%}
<{{ name }}>{{ body }}{% if close %}</{{ name }}>{% endif %}
{%- endmacro -%}
{%- macro walk(value, depth=0) -%}
  {%- if value is mapping -%}
    {%- for k, v in value.items() -%}{{ '\\n' ~ '  ' * depth ~ k }}:{{ walk(v, depth + 1) }}{%- endfor -%}
  {%- elif value is string -%}{{ ' ' ~ value }}
  {%- elif value is iterable -%}
    {%- for v in value -%}{{ '\\n' ~ '  ' * depth ~ '-' }}{{ walk(v, depth=depth + 1) }}{%- endfor -%}
  {%- else -%}{{ ' ' ~ value }}{%- endif -%}
{%- endmacro -%}
{%- macro box(title) -%}[{{ title }}|{{ caller(title | length) }}]{%- endmacro -%}
{%- macro more() -%}{{ varargs | length }},{{ varargs | join('+') }},{{ kwargs.a }}{%- endmacro -%}
{{ tag('a') }}{{ tag('b', 'text') }}{{ tag(name='c', close=false) }}{{ tag('d', body=tag('e', 1)) }}
{{ walk(messages) }}
{% call(n) box('head') %}body {{ n }}{% endcall %} {% call(m) box('x') %}{{ messages | length + m }}{% endcall %}
{{ more(1, 2, 3, a='A') }} {{ more() }} {{ more(*[4, 5], **{'a': 6}) }}
{{ tag() }}
""", CHATS, None),
    ("macro_scope", """{%- set greeting = 'hi' -%}
{%- macro say(x) -%}{{ greeting }} {{ x }}{{ later }}{% set greeting = 'inner' %} {{ greeting }}{%- endmacro -%}
{%- set later = '!' -%}
{{ say('a') }} {{ greeting }} {{ say() }} {{ say('b', ) }}
{% for x in [1, 2] %}{% set greeting = greeting ~ x %}{{ greeting }},{% endfor %}{{ greeting }}
{% if true %}{% set greeting = 'changed' %}{% endif %}{{ greeting }} {{ say('c') }}
{% with a = 1, b = greeting %}{{ a }}{{ b }}{% set greeting = 'w' %}{{ greeting }}{% endwith %}{{ greeting }}{{ a }}
{{ say(1, 2) if false else 'fine' }}""", ONE, None),
    ("macro_too_many", "{% macro f(a) %}{{ a }}{% endmacro %}{{ f(1, 2) }}", ONE, None),
    ("macro_unknown", "{% macro f(a) %}{{ a }}{% endmacro %}{{ f(b=2) }}", ONE, None),
    ("loops", """{% for m in messages %}
{{ loop.index }} {{ loop.index0 }} {{ loop.revindex }} {{ loop.revindex0 }} {{ loop.first }} {{ loop.last }} {{ loop.length }} {{ loop.cycle('a', 'b', 'c') }} {{ (loop.previtem or {}).role }}-{{ loop.nextitem.role if loop.nextitem }} {{ loop.changed(m.role) }} {{ loop.depth }}
{% endfor %}
""", ["turns", "tools"], None),
    ("loops_first", "{% for m in messages %}{{ (loop.previtem | default({'role': 'nobody'})).role }}>{{ m.role }} {% else %}empty{% endfor %}", ["one", "turns", "none"], None),
    ("loop_forms", """{% for a, b in [(1, 2), (3, 4)] %}{{ a }}{{ b }};{% endfor %}
{% for a, (b, c) in [[1, [2, 3]]] %}{{ a }}{{ b }}{{ c }}{% endfor %}
{% for k in {'x': 1, 'y': 2} %}{{ k }}{% endfor %} {% for c in 'añ😀' %}[{{ c }}]{% endfor %}
{% for i in range(10) if i is odd %}{% if i == 7 %}{% break %}{% endif %}{% if i == 3 %}{% continue %}{% endif %}{{ i }},{% endfor %}
{% for i in range(5, 0, -2) %}{{ i }}{% endfor %} {% for i in [] %}x{% else %}none{% endfor %} {% for i in nothing %}x{% else %}undefined{% endfor %}
{% for n in [{'v': 1, 'c': [{'v': 2, 'c': [{'v': 3}]}, {'v': 4}]}] recursive %}{{ loop.depth }}:{{ n.v }}{% if n.c %}({{ loop(n.c) }}){% endif %}{% endfor %}
{% for x in [1, 2, 3] %}{% for y in 'ab' %}{{ x }}{{ y }}{{ loop.index }}{% endfor %}{{ loop.index }} {% endfor %}
{% for x in 1, 2, 3 %}{{ x }}{% endfor %} {% for x in [3, 1, 2] | sort %}{{ x }}{% endfor %}
{{ loop is defined }} {{ x is defined }}""", ONE, None),
    ("unpack_wrong", "{% for a, b in [(1, 2, 3)] %}{{ a }}{% endfor %}", ONE, None),
    ("iterate_none", "{% for a in none %}{{ a }}{% endfor %}", ONE, None),
    ("namespace", """{% set ns = namespace(n=0, text='') %}{% set other = namespace({'a': 1}, b=2) %}{% for m in messages %}{% set ns.n = ns.n + 1 %}{% set ns.text = ns.text ~ m.role[0] %}{% endfor %}{{ ns.n }} {{ ns.text }} {{ other.a }}{{ other.b }}{{ other.c }} {{ ns['n'] }}""", ["turns", "tools", "none"], None),
    ("namespace_missing", "{% set x = 1 %}{% set x.y = 2 %}{{ x }}", ONE, None),
    ("set_blocks", """{% set a, b = 1, 'two' %}{{ a }}{{ b }}
{% set block %}
  one {{ a }}
{% endset %}
[{{ block }}] {% set up | upper | replace('A', 'o') %}abc {{ b }}{% endset %}{{ up }}
{% filter upper %}shout {{ b }}{% endfilter %} {% filter trim | replace('x', 'y') %}  x x {% endfilter %}|
{% set t = 1, %}{{ t }} {% set (c, d) = [3, 4] %}{{ c + d }}""", ONE, None),
    ("whitespace", """  {% if true %}
    kept
  {% endif %}
  {%+ if true %}plus{% endif +%}
next
{{ 'a' }}
   {#- comment -#}   b
\t{# at the start #}
c {%- if true -%}   d   {%- endif %}   e
  {{- ' f ' -}}
  {% raw %} {{ raw }} {% x %} {%- endraw %}
{%- raw -%}
   {# r #}
{% endraw %}
   x {% set y = 1 %}   z
{% if true %}{% endif %}

end

""", ONE, None),
    ("whitespace_crlf", "a\r\n{% if true %}\r\n  b\r\n{% endif %}\rc{{ 'x\r\ny' }}\r\n", ONE, None),
    ("generation", """{% for m in messages %}{% if m.role == 'assistant' %}{% generation %}{{ m.content }}{% endgeneration %}
{% else %}{{ m.role }}
{% endif %}{% endfor %}""", ["turns", "tools"], None),
    ("conditions", """{% for m in messages %}{% if m.role == 'user' %}u{% elif m.role == 'assistant' and not m.tool_calls %}a{% elif m.tool_calls is defined %}c{% else %}o{% endif %}{{ ' yes' if m.content else ' no' }}{{ ' long' if m.content and m.content | length > 20 }} {% endfor %}
{{ 'a' if false }}|{{ 1 if true else 2 if true else 3 }}|{{ (none or 'x') }}|{{ ('' and 'y') }}|{{ 0 or [] }}|{{ not '' }}|{{ not not 3 }}""", CHATS, None),
    ("arithmetic", """{{ 7 // 2 }} {{ -7 // 2 }} {{ 7 % 3 }} {{ -7 % 3 }} {{ 7 % -3 }} {{ 7 / 2 }} {{ 4 / 2 }} {{ 2 ** 10 }} {{ 2 ** -1 }} {{ 2 ** 3 ** 2 }}
{{ 7.5 // 2 }} {{ -7.5 % 2 }} {{ 1e3 }} {{ 1.5e-7 }} {{ 1e16 }} {{ 123456789012345680.0 }} {{ 0.1 + 0.2 }} {{ 1e22 }} {{ 5e-324 }} {{ 100.0 }} {{ -0.0 }}
{{ 1 + 2 * 3 - 4 }} {{ (1 + 2) * 3 }} {{ 10 - 2 - 3 }} {{ 2 * 3 % 4 }} {{ -2 ** 2 }} {{ - - 3 }} {{ +4 }} {{ true + true }} {{ 3 * 'ab' }} {{ [1] * 3 }} {{ 'x' * -1 }}|
{{ 0x1F }} {{ 0b101 }} {{ 0o17 }} {{ 1_000 }} {{ 1_0.5 }} {{ [1] + [2] }} {{ (1,) + (2,) }} {{ 'a' ~ 1 ~ none ~ true ~ 1.0 ~ [1, 'b'] }} {{ 1 ~ 2 * 3 }}
{{ 'a' 'b' "c" }} {{ '%s is %d%%' % ('x', 3) }} {{ '%s' % 'y' }} {{ '{} {1} {n}'.format(1, 2, n=3) if false else '{}-{}'.format(1, 'b') }} {{ '{1}{0}{n}{{}}'.format('a', 'b', n=none) }}""", ONE, None),
    ("zero_division", "{{ 1 // 0 }}", ONE, None),
    ("add_mismatch", "{{ 'a' + 1 }}", ONE, None),
    ("add_none", "{{ 'a' + messages[0].content + none }}", ONE, None),
    ("add_undefined", "{{ 'a' + missing }}", ONE, None),
    ("compare_mismatch", "{{ 'a' < 1 }}", ONE, None),
    ("comparisons", """{{ 1 < 2 < 3 }} {{ 1 < 3 < 2 }} {{ 1 == 1.0 }} {{ true == 1 }} {{ '1' == 1 }} {{ 'a' < 'b' }} {{ 'Z' < 'a' }} {{ [1, 2] < [1, 3] }} {{ (1,) == [1] }} {{ none == none }} {{ none == false }} {{ missing == gone }} {{ 1 != 2 }} {{ 3 >= 3 }} {{ 2 <= 1 }}
{{ 'ell' in 'hello' }} {{ 'x' not in 'hello' }} {{ 1 in [1, 2] }} {{ 3 in (1, 2) }} {{ 'a' in {'a': 1} }} {{ '' in '' }} {{ 1 in missing }} {{ {'a': [1]} == {'a': [1]} }} {{ not 1 in [2] }} {{ 1 in [1] and 2 not in [1] }} {{ 1 == 1 == 1 }}""", ONE, None),
    ("undefined", """[{{ missing }}] [{{ messages[0].missing }}] [{{ messages[0]['gone'] }}] [{{ messages[9] }}] [{{ 'abc'[7] }}] {{ missing is defined }} {{ missing | default('d') }} {{ none | default('d') }} {{ '' | default('d', true) }} {{ missing | length }} {{ missing | list }} {{ missing | upper }}| {{ [missing] | length }} {{ missing or 'or' }} {{ missing ~ 'x' }} {{ none.attribute is defined }} {{ (1).x }}|""", ONE, None),
    ("undefined_attribute", "{{ missing.attribute }}", ONE, None),
    ("undefined_item", "{{ messages[3].role }}", ONE, None),
    ("undefined_call", "{{ missing('x') }}", ONE, None),
    ("undefined_json", "{{ missing | tojson }}", ONE, None),
    ("raise", "{% if messages[0].role != 'system' %}{{ raise_exception('needs a system message') }}{% endif %}ok", ["one", "system"], None),
    ("python_text", """{{ none }} {{ true }} {{ [none, false, 1.0, 'a', "it's", 'say "x"', '\\\\ \\n\\t\\'"', 'é\\x07'] }} {{ {'a': 1, 2: (3,), none: {}} }} {{ () }} {{ (1, 2) }} {{ [[], {}] }} {{ 1.0 | string }} {{ messages }} {{ 'x' | string | length }} {{ [1e100, 12345678.9, 1e-5, 0.0001] }} {{ '\\u00e9\\U0001F600\\x41\\101\\q' }} {{ ['\\u200b\\u00a0😀'] }}""", ["one", "turns", "tools"], None),
    ("string_methods", """{% for m in messages %}{% set c = m.content or 'Nothing At all' %}[{{ c.strip() }}][{{ c.lstrip('<|tH') }}][{{ c.rstrip('.!\\n') }}][{{ c.upper() }}][{{ c.lower() }}][{{ c.title() }}][{{ c.capitalize() }}]
{{ c.split() }} {{ c.split(' ') }} {{ c.split(' ', 1) }} {{ c.split(None, 1) }} {{ c.split('e', maxsplit=2) }} {{ c.rsplit(' ', 1) }} {{ c.splitlines() }} {{ c.startswith('She') }} {{ c.startswith(('T', 'H')) }} {{ c.endswith('.') }} {{ c.replace('e', 'EE') }} {{ c.replace('e', '_', 1) }} {{ c.replace('', '-') }} {{ c.find('o') }} {{ c.rfind('o') }} {{ c.count('e') }} {{ c.count('') }} {{ c | length }} {{ c.removeprefix('She').removesuffix('.') }}
{% endfor %}{{ ', '.join(['a', 'b']) }} {{ '-'.join('abc') }} {{ 'abc'.isalpha() }} {{ '12'.isdigit() }} {{ ' \\t'.isspace() }} {{ 'aB'.isupper() }} {{ 'ab1'.islower() }} {{ 'a1'.isalnum() }} {{ ''.isalpha() }} {{ 'straße'.upper() }} {{ 'ÀÉ'.lower() }} {{ 'abc'.index('c') }} {{ '  a b  c '.split() }} {{ ''.split() }} {{ ''.split(',') }}""", ["one", "system", "turns", "tools"], None),
    ("split_empty", "{{ 'abc'.split('') }}", ONE, None),
    ("slices", """{% for m in messages %}{% set c = m.content %}{{ c[0] }}|{{ c[-1] }}|{{ c[1:4] }}|{{ c[:-3] }}|{{ c[-4:] }}|{{ c[::-1] }}|{{ c[::2] }}|{{ c[5:1:-2] }}|{{ c[100:] }}|{{ c[:] }}|{{ c[-100:2] }}
{% endfor %}{% set l = [0, 1, 2, 3, 4] %}{{ l[1:3] }} {{ l[-2:] }} {{ l[::-1] }} {{ l[3:0:-1] }} {{ l[::-2] }} {{ l[:2] + l[-1:] }} {{ (1, 2, 3)[1:] }} {{ l[-1] }} {{ l[2:2] }} {{ l.0 }} {{ [[1, 2]].0.1 }} {{ messages[-1].role }} {{ messages[1:] | length }} {{ missing is undefined }}""", ["one", "turns"], None),
    ("slice_of_none", "{% for m in messages %}{{ m.content[:4] }}{% endfor %}", ["one", "tools"], None),
    ("slice_of_dict", "{{ messages[0][:2] is string }}", ONE, None),
    ("slice_of_number", "{% set n = messages | length %}{{ n[1:] }}", ONE, None),
    ("map_paths", """{{ messages | map(attribute='content.0.text', default='-') | join('|') }} {{ messages | map(attribute='x.y', default=messages[0]) | map(attribute='role') | join(',') }} {{ messages | map(attribute='x.y.z', default=0) | list }} {{ messages | map(attribute='x', default=none) | map('default', 'gone') | list }} {{ [[1], []] | map(attribute=0, default=7) | list }}""", ["one", "turns", "parts"], None),
    ("map_path_missing", "{{ messages | map(attribute='x.y') | list }}", ONE, None),
    ("dicts", """{% set d = {'b': 1, 'a': {'x': [1, 2]}, 'items': 3, 'n': none} %}{{ d.b }} {{ d['a'].x[1] }} {{ d.a['x'] | last }} {{ d['items'] }} {{ d.get('zz') }} {{ d.get('zz', 'no') }} {{ d.get('n', 'no') }} {{ d.keys() | list }} {{ d.values() | list }} {{ d.items() | list }} {{ d | length }} {{ d | dictsort }} {{ d | items | list }} {{ dict(p=1, q='r') }} {{ dict([('k', 'v')]) }} {{ {'a': 1, 'a': 2} }} {{ 'b' in d }} {{ d | list }} {{ d | first }} {% for k, v in d.items() %}{{ k }}={{ v }};{% endfor %} {{ {1: 'one', true: 'yes'}[1] }} {{ {} or 'empty' }}""", ONE, None),
    ("dict_changes", "{% set d = {} %}{{ d.update({'a': 1}) }}", ONE, None),
    ("list_changes", "{% set l = [] %}{{ l.append(1) }}", ONE, None),
    ("text_filters", """{% for m in messages %}{% set c = m.content | string %}[{{ c | trim }}] {{ c | upper }} {{ c | lower }} {{ c | title }} {{ c | capitalize }} {{ c | replace('e', '3') }} {{ c | replace('e', '3', 1) }} {{ c | length }} {{ c | first }} {{ c | last }} {{ c | reverse }} {{ c | safe }} {{ c | indent }} {{ c | indent(2, true) }} {{ c | indent('> ', blank=true) }} {{ c | tojson }} {{ c | list | length }} {{ c | trim('.') }} {{ c | e if false else '' }}
{% endfor %}{{ 'a\\n\\nb\\n' | indent(3) }}| {{ '' | indent }}| {{ 'x-y (z) it\\'s' | title }} {{ '%s-%s' | format('a', 1) }} {{ 12 | string ~ 'x' }} {{ 'aXbX' | replace('X', '') }} {{ 42 | upper }} {{ none | trim }}""", ["one", "system", "turns", "tools"], None),
    ("number_filters", """{{ '42' | int }} {{ '42.9' | int }} {{ 'x' | int }} {{ 'x' | int(7) }} {{ '0x1f' | int(base=16) }} {{ ' -5 ' | int }} {{ '1_0' | int }} {{ 3.99 | int }} {{ -3.99 | int }} {{ none | int(default=1) }} {{ true | int }} {{ '1.5' | float }} {{ 'x' | float }} {{ 'x' | float(2.5) }} {{ 3 | float }} {{ 'inf' | float }} {{ '1e3' | float }} {{ 2.5 | round }} {{ 3.5 | round }} {{ 2.675 | round(2) }} {{ 42.55 | round(1, 'floor') }} {{ 42.51 | round(1, 'ceil') }} {{ 5 | round }} {{ 1234.5 | round(-2) }} {{ -3 | abs }} {{ (-3.5) | abs }} {{ [3, 1, 2] | min }} {{ [3, 1, 2] | max }} {{ ['b', 'A'] | min }} {{ [1, 2, 3.5] | sum }} {{ [] | sum }} {{ [{'n': 1}, {'n': 2}] | sum(attribute='n') }} {{ [[1], [2]] | sum(start=[]) }} {{ [] | max is defined }} {{ 7 | string | int + 1 }} {{ ('3' | float) * 2 }} {{ '' | int }} {{ 'nan' | int }}""", ONE, None),
    ("list_filters", """{% set l = [3, 1, 2, 1] %}{{ l | sort }} {{ l | sort(reverse=true) }} {{ l | unique | list }} {{ l | reverse | list }} {{ l | first }} {{ l | last }} {{ [] | first }}| {{ l | join(', ') }} {{ l | join }} {{ l | length }} {{ l | count }} {{ l | batch(3) | list }} {{ l | batch(3, 0) | list }} {{ l | map('string') | join('|') }} {{ ['b', 'A', 'c'] | sort }} {{ ['b', 'A', 'c'] | sort(case_sensitive=true) }} {{ ['a', 'A', 'b'] | unique | list }} {{ 'hello' | list }} {{ 'hello' | unique | join }} {{ (1, 2) | list }} {{ {'b': 1, 'A': 2} | dictsort }} {{ {'b': 1, 'A': 2} | dictsort(true) }} {{ {'b': 1, 'a': 2} | dictsort(by='value', reverse=true) }} {{ messages | map(attribute='role') | join(',') }} {{ messages | map(attribute='x.y', default='-') | join(',') if false else '' }} {{ messages | map(attribute='name', default='?') | join(',') }} {{ messages | selectattr('role', 'equalto', 'user') | list | length }} {{ messages | selectattr('role', '==', 'user') | map(attribute='role') | list }} {{ messages | rejectattr('role', 'in', ['user', 'tool']) | map(attribute='role') | list }} {{ messages | selectattr('tool_calls') | list | length }} {{ messages | selectattr('name', 'defined') | list | length }} {{ messages | sort(attribute='role') | map(attribute='role') | join(' ') }} {{ messages | join(';', attribute='role') }} {{ [0, 1, '', 'a', none] | select | list }} {{ [0, 1, 2, 3] | select('odd') | list }} {{ [0, 1, 2, 3] | reject('divisibleby', 2) | list }} {{ [1, 2, 3] | select('>', 1) | list }} {{ ['a b', 'c'] | map('replace', ' ', '_') | map('upper') | join }} {{ [[1, 2], [3]] | map('length') | list }} {{ [[1, 2], [3, 4]] | map(attribute=1) | list }} {{ [[1, 2], [3, 4]] | map('first') | sum }} {{ none | selectattr('x') | list }} {{ none | map('upper') | list }}""", ["one", "turns", "tools"], None),
    ("sort_mismatch", "{{ [1, 'a'] | sort }}", ONE, None),
    ("tests", """{% for v in [none, true, 0, 1, 2.5, 'text', 'UP', [], [1], (1,), {}, {'a': 1}, missing] %}{{ v is defined }} {{ v is undefined }} {{ v is none }} {{ v is string }} {{ v is number }} {{ v is integer }} {{ v is float }} {{ v is boolean }} {{ v is true }} {{ v is false }} {{ v is mapping }} {{ v is iterable }} {{ v is sequence }} {{ v is not none }} {{ (v is callable) if v is defined }} {{ v is eq 1 }} {{ v is ne 1 }} {{ v is in [1, 'text'] }} {{ v is sameas none }} {{ v is sameas true }} {{ (v is lower) if v is defined }} {{ (v is upper) if v is defined }}
{% endfor %}{{ 4 is even }} {{ 4 is odd }} {{ 9 is divisibleby 3 }} {{ 9 is divisibleby(2) }} {{ 1 is lt 2 }} {{ 1 is ge 2 }} {{ 2 is gt(1) }} {{ 3 is le 3 }} {{ 'a' is in 'abc' }} {{ 'a' is equalto 'a' }} {{ 1 is not eq 2 and 2 is even }} {{ 'trim' is filter }} {{ 'defined' is test }} {{ 1 + 1 is number }} {{ x is defined or true }} {{ range is callable }} {{ (3 is not odd) if true else 0 }}""", ONE, None),
    ("json", """{% for m in messages %}{{ m | tojson }}
{{ m | tojson(indent=2) }}
{{ m.content | tojson }} {% endfor %}{{ {'f': 1.0, 'e': 1e100, 's': 1e-9, 'i': -5, 'n': none, 'b': true, 'l': [], 'd': {}, 't': (1, 2), 'q': '"\\\\\\n\\t\\x01\\x7f/é😀\\u2028<>&\\''} | tojson }} {{ [] | tojson(indent=2) }} {{ [1, [2, {'a': {}}]] | tojson(indent=1) }} {{ {1: 2, none: 3, true: 4, 1.5: 5} | tojson }} {{ {'b': 1, 'a': 2} | tojson(sort_keys=true) }} {{ [1, 2] | tojson(indent=0) }} {{ 'é😀' | tojson(ensure_ascii=True) }} {{ [1] | tojson(indent='\\t') }}""", ["one", "turns", "tools", "parts"], None),
    ("dates", "{{ strftime_now('%d %b %Y') }} {{ strftime_now('%Y-%m-%d %H:%M:%S %A %B %j') }}{% if strftime_now is defined %}!{% endif %} {{ date_string if date_string is defined else strftime_now('%d %B') }}", ONE, None),
    ("extra", "{{ name }} {{ deep.a[1].b }} {{ flag }} {{ number + 1 }} {{ big }} {{ real }} {{ custom_tools is defined }} {{ messages[0].content }} {{ big > 5 }} {{ [big] }} {{ {'x': big} | tojson }}", ["one", "system"],
     {"name": "N <|x|>", "deep": {"a": [0, {"b": "found"}]}, "flag": False, "number": 41, "big": 18446744073709551615, "real": 1.25}),
    ("unknown_filter_in_branch", "{% if false %}{{ 'a' | no_such_filter }}{% endif %}{{ 'x' if true else 'a' is no_such_test }}", ONE, None),
    ("unknown_filter", "{{ 'a' | no_such_filter }}", ONE, None),
    ("syntax_unclosed", "{% if true %}x", ONE, None),
    ("syntax_expression", "{{ 1 + }}", ONE, None),
    ("syntax_end", "{% endfor %}", ONE, None),
    ("syntax_break", "{% break %}", ONE, None),
    ("syntax_chain", "{{ 1 is number is string }}", ONE, None),
]

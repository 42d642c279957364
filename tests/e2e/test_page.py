"""The page in a real browser: Debian's Chromium, driven by Selenium.

RIPOSTE_SCREENSHOTS names a folder that gets a picture of each state, to be looked at.
"""

import os
import pathlib
import shutil
import subprocess

import pytest
from conftest import BINARY, serve

webdriver = pytest.importorskip("selenium.webdriver")
from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.common.keys import Keys  # noqa: E402
from selenium.webdriver.support.ui import WebDriverWait  # noqa: E402

SENTENCE = "She go to school every day."
WIDE, PHONE = (1280, 860), (390, 844)


def open_browser(*arguments):
    driver, browser = shutil.which("chromedriver"), shutil.which("chromium")
    if not driver or not browser:
        pytest.skip("there is no chromium or no chromedriver")
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    for argument in ["--headless=new", "--no-sandbox", "--disable-gpu", "--lang=en-US", "--disable-dev-shm-usage",
                     *arguments]:
        options.add_argument(argument)
    options.add_experimental_option("prefs", {"intl.accept_languages": "en"})
    return webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))


@pytest.fixture(scope="module")
def browser():
    browser = open_browser()
    yield browser
    browser.quit()


@pytest.fixture
def page(browser, server):
    browser.set_window_size(*WIDE)
    browser.get(server.url)
    browser.execute_script("localStorage.clear()")
    browser.get(server.url)
    wait(browser, lambda: find(browser, ".preset"))
    return browser


def find(page, selector):
    return page.find_elements(By.CSS_SELECTOR, selector)


def text(page, selector):
    return page.find_element(By.CSS_SELECTOR, selector).text


def wait(page, condition, seconds=60):
    return WebDriverWait(page, seconds).until(lambda _: condition())


def picture(page, name):
    if folder := os.environ.get("RIPOSTE_SCREENSHOTS"):
        page.save_screenshot(pathlib.Path(folder) / f"{name}.png")


def type_text(page, words):
    source = page.find_element(By.ID, "source")
    source.clear()
    source.send_keys(words)


def wait_for_answer(page):
    wait(page, lambda: page.find_element(By.ID, "copy").is_enabled())


def press(page, element, keys):
    webdriver.ActionChains(page).move_to_element(element).perform()
    page.execute_script("arguments[0].focus()", element)
    webdriver.ActionChains(page).send_keys(keys).perform()


def pretend_answer(page):
    """Shows an answer whose edits are known, whatever the model would say."""
    page.execute_script(
        """
        const span = (begin, end, text) => ({ begin, end, text });
        Object.assign(state, {
          text: "She goes to the school.", rejected: new Set(), request: null,
          edits: [
            { kind: "replace", category: "form", source: span(4, 6, "go"), result: span(4, 8, "goes") },
            { kind: "insert", category: "wording", source: span(10, 10, ""), result: span(12, 16, "the ") },
            { kind: "delete", category: "wording", source: span(16, 22, " today"), result: span(22, 22, "") },
          ],
          result: { checks: [{ problem: "missing", kind: "name", text: "Anna" }] },
        });
        show();
        """
    )


def test_nothing_comes_from_elsewhere_and_nothing_fails(page, server):
    picture(page, "empty")
    names = page.execute_script("return performance.getEntriesByType('resource').map((entry) => entry.name)")
    assert names and all(name.startswith(server.url) for name in names if not name.startswith("data:"))
    assert [entry for entry in page.get_log("browser") if entry["level"] == "SEVERE"] == []


def test_a_text_is_rewritten_as_it_is_typed(page):
    type_text(page, SENTENCE)
    wait_for_answer(page)
    assert text(page, "#result") != ""
    assert "ms" in text(page, "#times-text") and text(page, "#tokens-text")
    picture(page, "answer")
    type_text(page, "")
    page.find_element(By.ID, "source").send_keys("x", Keys.BACKSPACE)
    wait(page, lambda: text(page, "#result") == "")


def test_only_the_sentence_that_changed_is_computed(page):
    type_text(page, "The garden are big. We was here before.")
    wait_for_answer(page)
    type_text(page, "The garden are big. We was there before.")
    wait_for_answer(page)
    wait(page, lambda: "1 of 2 sentences were known" in text(page, "#tokens-text"))
    assert find(page, "#token-bar .tokens-known")
    # Of the other sentence every token may have been guessed.
    assert find(page, "#token-bar span:not(.tokens-known)")
    picture(page, "sentences")


def test_edits_are_accepted_and_rejected_by_keyboard_and_all_at_once(page):
    type_text(page, "She go to school today.")
    wait_for_answer(page)
    pretend_answer(page)
    picture(page, "edits")
    chosen = "return chosenText(state.text, state.edits, state.rejected)"
    assert page.execute_script(chosen) == "She goes to the school."
    edits = find(page, ".edit")
    assert [edit.get_attribute("aria-pressed") for edit in edits] == ["true"] * 3
    assert edits[0].get_attribute("aria-label") == "Replace “go” by “goes”"
    press(page, edits[0], Keys.ENTER)
    assert find(page, ".edit")[0].get_attribute("aria-pressed") == "false"
    assert page.switch_to.active_element == find(page, ".edit")[0], "the edit keeps the focus"
    assert page.execute_script(chosen) == "She go to the school."
    page.find_element(By.ID, "reject").click()
    assert page.execute_script(chosen) == "She go to school today."
    picture(page, "rejected")
    page.find_element(By.ID, "accept").click()
    assert page.execute_script(chosen) == "She goes to the school."
    assert "Anna" in text(page, "#checks")


def test_the_page_speaks_german_and_keeps_what_was_chosen(page):
    page.find_element(By.CSS_SELECTOR, "#language option[value=de]").click()
    assert text(page, "#source-title") == "Dein Text"
    assert page.find_element(By.TAG_NAME, "html").get_attribute("lang") == "de"
    wait(page, lambda: "Berichtigen" in text(page, "#presets"))
    page.find_element(By.ID, "example").click()
    wait_for_answer(page)
    picture(page, "german")
    page.refresh()
    wait(page, lambda: text(page, "#source-title") == "Dein Text")


def test_a_failure_is_told(page):
    page.execute_script("state.preset = 'pirate'; document.getElementById('source').value = 'x'; rewrite();")
    wait(page, lambda: "pirate" in text(page, "#checks"))


def test_each_token_says_where_it_came_from(page):
    type_text(page, "He do not likes the rainy days in this town.")  # not known yet
    wait_for_answer(page)
    wait(page, lambda: find(page, "#trace:not([hidden])"))
    summary = page.find_element(By.CSS_SELECTOR, "#trace summary")
    press(page, summary, Keys.ENTER)
    shown = page.execute_script(
        "return [...document.querySelectorAll('#trace-text .token')].map((token) => token.textContent).join('')")
    assert shown.strip() == text(page, "#result").strip() or shown.strip() in page.execute_script(
        "return state.result.text"), "the tokens are the result, cut"
    origins = page.execute_script("return state.result.origins.map((token) => token.origin)")
    assert set(origins) <= {"copied", "guessed", "computed", "known"} and "computed" in origins
    runs = find(page, "#trace-text .run")
    heard = [run.find_element(By.CSS_SELECTOR, ".hidden").get_attribute("textContent") for run in runs]
    assert all(words.strip().endswith(":") for words in heard), "who listens hears the origins"
    assert len(heard) == 1 + sum(a != b for a, b in zip(origins, origins[1:])), "once for each run of equal ones"
    picture(page, "trace")
    page.set_window_size(*PHONE)
    assert page.execute_script("return document.documentElement.scrollWidth <= window.innerWidth")
    page.execute_script("document.getElementById('trace').scrollIntoView({ block: 'end' })")
    picture(page, "trace-phone")


@pytest.fixture(scope="module")
def locked_server(tiny_model, tmp_path_factory):
    """A server that asks for a key, and the key."""
    keys = tmp_path_factory.mktemp("keys") / "keys.toml"
    done = subprocess.run([BINARY, "key", "new", "--name", "page", "--file", keys], check=True, capture_output=True,
                          text=True, timeout=60)
    for server in serve(tiny_model, "--context", "256", "--no-packed-cache", "--keys", keys):
        yield server.url, done.stdout.split()[0]


def active_id(page):
    return page.switch_to.active_element.get_attribute("id")


def test_who_has_no_key_is_led_to_where_one_is_entered(browser, locked_server):
    url, key = locked_server
    browser.set_window_size(*WIDE)
    browser.get(url)
    browser.execute_script("localStorage.clear(); sessionStorage.clear()")
    browser.get(url)
    wait(browser, lambda: find(browser, "dialog[open]"))
    assert active_id(browser) == "key-field"
    assert "key" in text(browser, "#key-why")
    for control in find(browser, "dialog button, dialog input"):
        assert not control.is_displayed() or control.accessible_name, control.get_attribute("outerHTML")
    picture(browser, "key")
    browser.switch_to.active_element.send_keys("wrong", Keys.ENTER)
    wait(browser, lambda: "does not know" in text(browser, "#key-why"))
    assert browser.find_element(By.ID, "key-field").get_attribute("aria-invalid") == "true"
    picture(browser, "key-unknown")
    browser.find_element(By.ID, "key-field").clear()
    browser.find_element(By.ID, "key-field").send_keys(key, Keys.ENTER)
    wait(browser, lambda: find(browser, ".preset"))
    assert not find(browser, "dialog[open]") and not find(browser, "#checks li")
    assert browser.execute_script("return [localStorage.getItem(KEY), sessionStorage.getItem(KEY)]") == [None, key]
    type_text(browser, "She go.")
    wait_for_answer(browser)

    # Kept on this device only if that is wanted, and forgotten again.
    browser.find_element(By.ID, "key").click()
    browser.find_element(By.ID, "key-stay").click()
    browser.find_element(By.ID, "key-save").click()
    assert browser.execute_script("return [localStorage.getItem(KEY), sessionStorage.getItem(KEY)]") == [key, None]
    browser.refresh()
    wait(browser, lambda: find(browser, ".preset"))
    browser.find_element(By.ID, "key").click()
    assert browser.find_element(By.ID, "key-stay").is_selected()
    browser.set_window_size(*PHONE)
    picture(browser, "key-phone")
    browser.set_window_size(*WIDE)
    browser.find_element(By.ID, "key-forget").click()
    assert browser.execute_script("return [localStorage.getItem(KEY), sessionStorage.getItem(KEY)]") == [None, None]
    wait(browser, lambda: find(browser, "dialog[open]"))
    webdriver.ActionChains(browser).send_keys(Keys.ESCAPE).perform()
    wait(browser, lambda: not find(browser, "dialog[open]"))


def test_a_server_without_keys_shows_no_button_for_one(page):
    assert not page.find_element(By.ID, "key").is_displayed()


def test_dark_and_narrow_it_fits(page):
    page.find_element(By.ID, "theme").click()
    page.find_element(By.ID, "example").click()
    wait_for_answer(page)
    pretend_answer(page)
    picture(page, "dark")
    page.set_window_size(*PHONE)
    assert page.execute_script("return document.documentElement.scrollWidth <= window.innerWidth")
    picture(page, "phone-dark")
    page.find_element(By.ID, "theme").click()
    picture(page, "phone")


def test_every_control_has_a_name_and_can_be_reached(page):
    for control in find(page, "button, select, textarea, input"):
        if not control.is_displayed():
            continue  # in a dialog that is closed: it has a test of its own
        assert control.accessible_name, control.get_attribute("outerHTML")
    reached = set()
    for _ in range(12):
        webdriver.ActionChains(page).send_keys(Keys.TAB).perform()
        reached.add(page.switch_to.active_element.get_attribute("id"))
    assert {"source", "language", "theme", "example"} <= reached

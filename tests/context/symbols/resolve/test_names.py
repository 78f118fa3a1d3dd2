"""Resolution by names and by how near files are."""

from __future__ import annotations

from beadline.context.symbols.types import Needed, Reason
from tests.context.symbols.workspaces import needed_in, offered

RUBY = {
    "lib/cart.rb": """\
class Cart
  def add(item)
    item
  end

  def self.empty
    new
  end
end
""",
    "lib/shop.rb": "class Shop\n  def add(cart, name)\n    cart\n  end\nend\n",
    "far/away/shop.rb": "class Shop\n  def open(hour)\n    hour\n  end\nend\n",
}


def needed(marked: str, path: str = "lib/main.rb") -> list[Needed]:
    return needed_in({**RUBY, path: marked})


def test_members_of_a_variable_that_is_made_near():
    found = needed("cart = Cart.new(1)\ncart.¦")
    assert (found[0].reason, found[0].located.definition.owner) == (Reason.MEMBER, "Cart")


def test_members_of_what_a_variable_is_called_like():
    assert "Cart.add" in offered(needed("def run(cart)\n  cart.¦"))


def test_the_callee_and_the_nearest_first():
    found = needed("x = Shop(¦")
    assert [each.located.path for each in found[:2]] == ["lib/shop.rb", "far/away/shop.rb"]
    assert found[0].reason is Reason.CALLEE


def test_names_around_the_cursor():
    assert "Shop.open" in offered(needed("shop.open(3)\nx = ¦"))


def test_what_the_file_defines_itself_is_not_looked_for_elsewhere():
    found = needed("def open(x)\nend\nopen(1)\nx = ¦")
    assert "Shop.open" not in offered(found)


def test_what_included_files_define():
    files = {
        "src/util.h": "int util_open(const char *path, int flags);\nint util_close(int file);\n",
        "src/main.c": '#include "util.h"\n\nint main(void)\n{\n    return util_open(¦\n}\n',
    }
    found = needed_in(files)
    assert (found[0].reason, offered(found)[0]) == (Reason.CALLEE, "util_open")
    assert "util_close" in offered(found)

using CubeFunctions.Core.Cube;
using Xunit;

namespace CubeFunctions.Tests.Cube;

public sealed class NextLinkTests
{
    private const string Filters = "from_date=20170101&to_date=20180401";

    [Theory]
    [InlineData("https://t.headshed.com/api/v1/campaigns/1/responses/?from_date=20170101&to_date=20180401&page=2")]
    [InlineData("http://t.headshed.com/api/v1/campaigns/1/responses/?from_date=20170101&to_date=20180401&page=2")]
    [InlineData("https://elsewhere.test/api/?from_date=20170101&to_date=20180401&page=2")]
    [InlineData("https://t.headshed.com/x/?from_date=20170101&to_date=20180401/?page=2")]
    [InlineData("https://t.headshed.com/x/?from_date=20170101&to_date=20180401/?page=2/")]
    [InlineData("/x/?page=2")]
    [InlineData("?page=2#top")]
    [InlineData("https://t.headshed.com/x/?from_date=20991231&page=2")]
    public void Only_the_cursor_of_next_is_used(string next) => Assert.Equal(Filters + "&page=2", NextLink.QueryOf(next, Filters));

    [Theory]
    [InlineData("https://t.headshed.com/x/?from_date=20170101&to_date=20180401")]
    [InlineData("https://t.headshed.com/x/")]
    [InlineData("no address at all")]
    public void A_next_without_a_cursor_leads_to_the_first_page(string next) => Assert.Equal(Filters, NextLink.QueryOf(next, Filters));

    [Fact]
    public void Page_numbers_are_read_and_replaced()
    {
        Assert.Equal(2, NextLink.PageOf("a=1&page=2"));
        Assert.Null(NextLink.PageOf("a=1&mypage=2&page_size=3"));
        Assert.Null(NextLink.PageOf("cursor=abc"));
        Assert.Equal("page=17&a=1", NextLink.WithPage("page=2&a=1", 17));
    }
}

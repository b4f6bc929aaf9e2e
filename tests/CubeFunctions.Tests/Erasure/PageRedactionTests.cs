using System.Text;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Persons;
using CubeFunctions.Core.Sync;
using Xunit;

namespace CubeFunctions.Tests.Erasure;

/// <summary>Which records go, and that nothing else of a page does.</summary>
public sealed class PageRedactionTests
{
    [Theory]
    [InlineData(
        """{"count":2,"results":[{"id":1,"customer_id":"007"},{"id":2,"customer_id":"8"}]}""",
        """{"count":2,"results":[{"id":2,"customer_id":"8"}]}"""
    )]
    [InlineData(
        """{"count":2,"results":[{"id":2,"customer_id":"8"},{"id":1,"customer_id":"007"}]}""",
        """{"count":2,"results":[{"id":2,"customer_id":"8"}]}"""
    )]
    [InlineData(
        """{"count":3,"results":[ {"id":2} ,  {"customer_id":"007"} , {"id":3}  ]}""",
        """{"count":3,"results":[ {"id":2} , {"id":3}  ]}"""
    )]
    [InlineData("""{"count":3,"results":[ {"customer_id":"007"} ,{"id":1} ,  {"id":3}]}""", """{"count":3,"results":[ {"id":3}]}""")]
    [InlineData("""{"count":1,"results":[ {"customer_id":"007"} ],"x":"å"}""", """{"count":1,"results":[ ],"x":"å"}""")]
    [InlineData("""{"count":1,"results":[{"customer_id":"\u003007"}]}""", """{"count":1,"results":[]}""")]
    [InlineData(
        """{"count":1,"results":[{"id":"1","customer_id":""},{"id":"1","customer_id":"9"}]}""",
        """{"count":1,"results":[{"id":"1","customer_id":"9"}]}"""
    )]
    [InlineData("""{"count":3,"results":[{"id":7,"customer_id":7},{"id":"007","customer_id":"1"},{"id":4,"name":"007"}]}""", null)]
    public void A_page_loses_the_records_of_the_person_and_no_other_byte(string page, string? expected)
    {
        var records = new PersonRecords(Person("007", "1"), FeedCatalogue.Customers, importedCounts: true);
        foreach (var mark in new[] { "", "\uFEFF" })
        {
            var bytes = Encoding.UTF8.GetBytes(mark + page);
            Assert.True(records.Search.MayHold(bytes));
            var without = PageRedaction.Without(FeedCatalogue.Customers, bytes, records);
            Assert.Equal(expected is null ? null : mark + expected, without is null ? null : Encoding.UTF8.GetString(without));
        }
    }

    [Theory]
    [InlineData("responses", """{"crm__customer_id":7}""", true, true)]
    [InlineData("responses", """{"crm__customer_id":7}""", false, false)]
    [InlineData("responses", """{"crm__customer_id":"1"}""", true, false)]
    [InlineData("sms", """{"crm__customer_id":"","sms_crm_customer_id":1}""", false, true)]
    [InlineData("sms", """{"crm__customer_id":"7","sms_crm_customer_id":"1"}""", false, true)]
    [InlineData("sms", """{"crm__customer_id":"7","sms_crm_customer_id":"2"}""", false, false)]
    [InlineData("sms", """{"crm__customer_id":"1","sms_crm_customer_id":"7"}""", true, false)]
    [InlineData("callflow_customers", """{"crm__customer_id":"","callflow__crm_customer_id":1}""", true, true)]
    [InlineData("callflow_customers", """{"external_customer_id":"7"}""", true, true)]
    public void Each_id_is_compared_with_the_members_that_hold_its_kind(string feed, string record, bool assignmentKnown, bool his) =>
        Assert.Equal(
            his,
            new PersonRecords(Person("7", "1"), FeedCatalogue.Find(feed)!, assignmentKnown).Matches(Encoding.UTF8.GetBytes(record))
        );

    [Theory]
    [InlineData("A-1", """["a-1"]""", false)]
    [InlineData("A-1", """["\u0041-1"]""", true)]
    [InlineData("A-1", """["A\u002d1"]""", true)]
    [InlineData("A-1", """["\u00c5"]""", false)]
    [InlineData("Å1", """["\u00C51"]""", true)]
    [InlineData("a/1", """["a\/1"]""", true)]
    [InlineData("😀", """["\ud83d\ude00"]""", true)]
    [InlineData("123", """[1234]""", true)]
    public void An_id_is_never_overlooked_however_it_is_escaped(string id, string json, bool expected) =>
        Assert.Equal(expected, new IdSearch([id]).MayHold(Encoding.UTF8.GetBytes(json)));

    private static Person Person(string imported, string own)
    {
        var person = new Person("17", imported);
        person.Learn(own);
        return person;
    }
}
